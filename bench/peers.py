"""Central, and what it is compared with."""

from pathlib import Path

from bench import npm
from bench.targets import PYTHON, Target, free_port

_ROLES = str(Path(__file__).parent / "roles.json")


def limit(url: str) -> Target:
    return _uvicorn("limit", "(a) limit: plain ASGI", "bench.limit.app:app", url)


def fastapi_orm(url: str) -> Target:
    return _uvicorn("fastapi", "(b) FastAPI + ORM", "bench.fastapi_orm.app:app", url)


def fastify(url: str) -> Target:
    return _node("fastify", "(c) Fastify + drizzle", url, {})


def fastify_prepared(url: str) -> Target:
    return _node("fastify-prepared", "(d) Fastify, prepared", url, {"PREPARED": "1"})


def peers(url: str) -> tuple[list[Target], str | None]:
    """Give the peers that can run here, and why the others cannot."""
    python = [limit(url), fastapi_orm(url)]
    if (reason := npm.missing()) is not None:
        return python, f"(c) and (d) are left out: {reason}."
    return [*python, fastify(url), fastify_prepared(url)], None


def _uvicorn(name: str, title: str, app: str, url: str) -> Target:
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    command = [PYTHON, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), *options]
    return Target(name, title, command, {"DATABASE_URL": url}, port)


def _node(name: str, title: str, url: str, env: dict[str, str]) -> Target:
    port = free_port()
    env = {"DATABASE_URL": url, "PORT": str(port), "ROLES": _ROLES, "NODE_ENV": "production", **env}
    return Target(name, title, ["node", "server.js"], env, port, cwd=npm.FOLDER)
