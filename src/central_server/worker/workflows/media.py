from central_server.images.workflows.process_image import ProcessImageWorkflow
from central_server.media.workflows.ping import PingWorkflow

MEDIA_WORKFLOWS: tuple[type, ...] = (PingWorkflow, ProcessImageWorkflow)
