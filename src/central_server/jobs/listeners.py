from central.jobs.events import JobCancelRequested
from central_server.infra.outbox import BatchListener
from central_server.jobs.handlers import StopJob

LISTENERS = (BatchListener("jobs.stop", JobCancelRequested, StopJob),)
