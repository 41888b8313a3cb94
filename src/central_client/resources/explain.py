from central.explain import operations
from central_client.call import IO, Call, Resource


class Explain(Resource[IO]):
    """Why something is as it is."""

    access = Call(operations.EXPLAIN_ACCESS)
