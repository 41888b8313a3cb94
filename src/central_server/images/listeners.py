from central.images.events import ImageDeleted, ImageProcessingRequested
from central_server.images.handlers import DeleteImageFiles
from central_server.images.specs import PROCESS_IMAGE
from central_server.infra.outbox import BatchListener
from central_server.jobs.listeners import runs_job

LISTENERS = (
    runs_job(ImageProcessingRequested, PROCESS_IMAGE),
    BatchListener("images.delete_files", ImageDeleted, DeleteImageFiles),
)
