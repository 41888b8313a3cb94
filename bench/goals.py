"""What the issue wants Central to reach, as a multiple of each peer's requests per second."""

from bench.traffic import Kind

CENTRAL = "central"
GOALS: dict[tuple[Kind, str], float] = {
    (Kind.ME, "limit"): 0.75,
    (Kind.ME, "fastapi"): 6,
    (Kind.ME, "fastify"): 2,
    (Kind.ME, "fastify-prepared"): 0.7,
    (Kind.LIST, "limit"): 0.75,
    (Kind.LIST, "fastapi"): 3,
    (Kind.LIST, "fastify"): 1.1,
    (Kind.CREATE, "limit"): 0.60,
    (Kind.CREATE, "fastapi"): 5,
    (Kind.CREATE, "fastify"): 2,
}
