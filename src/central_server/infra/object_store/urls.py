import os
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from central_server.infra.object_store.store import ObjectStore

_ALLOWS_HTTP: Final = {"s3": "AWS_ALLOW_HTTP", "gs": "GOOGLE_ALLOW_HTTP", "az": "AZURE_ALLOW_HTTP"}


def object_store_from_url(url: str, *, patience: float = 30.0) -> ObjectStore:
    """Make the store that a URL names: `file:///folder`, `s3://bucket/prefix`, `gs://…`, `az://…`.

    Credentials, regions and endpoints of the remote ones come from the usual variables of their providers
    (`AWS_…`, `GOOGLE_…`, `AZURE_…`), never from the URL. What fails there is tried again for `patience` seconds.
    `ValueError` for a URL that names none.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return ObjectStore(_folder(Path(unquote(parts.path)), parts.netloc))
    if parts.scheme not in _ALLOWS_HTTP or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError("expected file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix")
    try:
        return ObjectStore(
            from_url(
                url,
                client_options={
                    "connect_timeout": timedelta(seconds=5),
                    # Of a whole file, which may be large and on its way to somebody slow.
                    "timeout": timedelta(hours=1),
                    # Options of ours keep the library from reading this variable itself.
                    "allow_http": os.environ.get(_ALLOWS_HTTP[parts.scheme], "").lower() in {"1", "true"},
                },
                retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=patience)},
            )
        )
    except BaseError as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def _folder(path: Path, host: str) -> LocalStore:
    """Open a folder, which is made for its owner alone where it is missing."""
    if host or not path.is_absolute() or path == Path("/"):
        raise ValueError("expected an absolute folder: file:///var/lib/central/objects")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{path} cannot be made: {error.strerror}") from None
    return LocalStore(path, automatic_cleanup=True)
