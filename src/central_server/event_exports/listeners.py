from central.event_exports.events import EventExportRequested
from central_server.event_exports.specs import EXPORT_EVENTS
from central_server.jobs.listeners import runs_job

LISTENERS = (runs_job(EventExportRequested, EXPORT_EVENTS),)
