from central.unit_imports.events import UnitImportRequested
from central_server.jobs.listeners import runs_job
from central_server.unit_imports.specs import IMPORT_UNITS

LISTENERS = (runs_job(UnitImportRequested, IMPORT_UNITS),)
