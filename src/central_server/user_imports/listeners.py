from central.user_imports.events import UserImportRequested
from central_server.jobs.listeners import runs_job
from central_server.user_imports.specs import IMPORT_USERS

LISTENERS = (runs_job(UserImportRequested, IMPORT_USERS),)
