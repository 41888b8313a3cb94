from dataclasses import dataclass
from pathlib import Path

from central_server.cli.failures import CommandError
from central_server.infra.embedded.locks import FileLock


@dataclass(frozen=True, slots=True)
class DevFolders:
    """Where a development server keeps things: one folder, for its owner alone."""

    root: Path

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.root / "postgres"

    @property
    def temporal(self) -> Path:
        """Temporal's data."""
        return self.root / "temporal"

    @property
    def mailbox(self) -> Path:
        """The mails that would have been sent."""
        return self.root / "mailbox"

    @property
    def objects(self) -> Path:
        """The files of tenants."""
        return self.root / "objects"

    @property
    def logs(self) -> Path:
        """What the processes write."""
        return self.root / "logs"

    @property
    def settings(self) -> Path:
        """The settings of the last run, and the keys of all."""
        return self.root / "dev.env"

    @property
    def ports(self) -> Path:
        """The ports of the last run."""
        return self.root / "ports.json"

    @property
    def stamp(self) -> Path:
        """What the database was prepared for; it goes when the database goes."""
        return self.postgres / "prepared"

    def claim(self) -> FileLock:
        """Make the folder and hold it for this process; `CommandError` when another one does."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.root / ".gitignore").write_text("*\n")
        lock = FileLock(self.root / "dev.lock")
        if not lock.try_acquire():
            raise CommandError(f"central-server dev runs in {self.root} already; stop it, or choose another --data")
        return lock


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, at once or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
