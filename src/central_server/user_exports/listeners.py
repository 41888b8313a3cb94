from central.user_exports.events import UserExportRequested
from central_server.jobs.listeners import runs_job
from central_server.user_exports.specs import EXPORT_USERS

LISTENERS = (runs_job(UserExportRequested, EXPORT_USERS),)
