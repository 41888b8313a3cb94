from central.assignment_exports.events import AssignmentExportRequested
from central_server.assignment_exports.specs import EXPORT_ASSIGNMENTS
from central_server.jobs.listeners import runs_job

LISTENERS = (runs_job(AssignmentExportRequested, EXPORT_ASSIGNMENTS),)
