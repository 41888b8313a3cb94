"""The parts of jobs: which there are, in the order that `container.py` says."""

from central_server.jobs.activities.delete_ended_jobs import DeleteEndedJobsActivity
from central_server.jobs.activities.give_up_job import GiveUpJobActivity
from central_server.jobs.backlog import JobBacklog
from central_server.jobs.ended import EndedJobs
from central_server.jobs.file_routes import JobFileRoutes
from central_server.jobs.files import JobFiles
from central_server.jobs.importing import StepImporter
from central_server.jobs.news import JobNews
from central_server.jobs.routes import JobRoutes
from central_server.jobs.runs import JobRuns
from central_server.jobs.service import JobService
from central_server.jobs.stream_routes import JobStreamRoutes
from central_server.jobs.streaming import JobStreams
from central_server.jobs.watching import JobWatch
from central_server.jobs.working import JobWork, Rests

ROUTES: tuple[type, ...] = (JobRoutes, JobFileRoutes, JobStreamRoutes)
ACTIVITIES: tuple[type, ...] = (GiveUpJobActivity, DeleteEndedJobsActivity)
SERVICES: tuple[type, ...] = (
    JobService,
    JobRuns,
    JobWork,
    Rests,
    StepImporter,
    JobFiles,
    EndedJobs,
    JobBacklog,
    JobNews,
    JobWatch,
    JobStreams,
)
