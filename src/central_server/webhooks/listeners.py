from central.webhooks.events import WebhookEndpointDisabled
from central_server.infra.outbox import BatchListener
from central_server.webhooks.handlers import TellOwners

LISTENERS = (BatchListener("webhooks.tell_owners", WebhookEndpointDisabled, TellOwners),)
