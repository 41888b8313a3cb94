from central.unit_exports.events import UnitExportRequested
from central_server.jobs.listeners import runs_job
from central_server.unit_exports.specs import EXPORT_UNITS

LISTENERS = (runs_job(UnitExportRequested, EXPORT_UNITS),)
