from central.webhooks import operations
from central_client.call import IO, Call, PagedCall, Resource


class Webhooks(Resource[IO]):
    """Where a tenant's events are sent to, and what became of each."""

    create_endpoint = Call(operations.CREATE_WEBHOOK_ENDPOINT)
    list_endpoints = PagedCall(operations.LIST_WEBHOOK_ENDPOINTS)
    get_endpoint = Call(operations.GET_WEBHOOK_ENDPOINT)
    update_endpoint = Call(operations.UPDATE_WEBHOOK_ENDPOINT)
    enable_endpoint = Call(operations.ENABLE_WEBHOOK_ENDPOINT)
    disable_endpoint = Call(operations.DISABLE_WEBHOOK_ENDPOINT)
    delete_endpoint = Call(operations.DELETE_WEBHOOK_ENDPOINT)
    rotate_secret = Call(operations.ROTATE_WEBHOOK_SECRET)
    ping = Call(operations.PING_WEBHOOK_ENDPOINT)
    list_deliveries = PagedCall(operations.LIST_WEBHOOK_DELIVERIES)
    get_delivery = Call(operations.GET_WEBHOOK_DELIVERY)
    redeliver = Call(operations.REDELIVER_WEBHOOK)
    redeliver_failed = Call(operations.REDELIVER_FAILED_WEBHOOKS)
