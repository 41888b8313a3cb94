from central_server.media.workflows.ping import PingWorkflow

MEDIA_WORKFLOWS: tuple[type, ...] = (PingWorkflow,)
