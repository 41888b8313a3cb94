from central.assignment_imports.events import AssignmentImportRequested
from central_server.assignment_imports.specs import IMPORT_ASSIGNMENTS
from central_server.jobs.listeners import runs_job

LISTENERS = (runs_job(AssignmentImportRequested, IMPORT_ASSIGNMENTS),)
