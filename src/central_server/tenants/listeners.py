from central.images.events import ImageDeleted
from central_server.infra.outbox import BatchListener
from central_server.tenants.handlers import ForgetLogo

LISTENERS = (BatchListener("tenants.forget_logo", ImageDeleted, ForgetLogo),)
