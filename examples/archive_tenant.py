"""Archive a tenant, and import it elsewhere: run it with `central-server dev -- python examples/archive_tenant.py`.

Against another server, set CENTRAL_URL, CENTRAL_TENANT and CENTRAL_SESSION to those of an owner who is an operator,
too, and who has signed in within the last ten minutes. It changes nothing: where it would import, the tenant is there.
"""

import json
import tempfile
from pathlib import Path
from zipfile import ZipFile

from pydantic import SecretStr

from central_client import Central, JobFailedError

PASSPHRASE = SecretStr("kept apart from the archive")


def show(path: Path) -> None:
    """Say what is in an archive: lines of JSON by table, files of pictures, and a manifest that is signed."""
    with ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        print(f"   {manifest['slug']}, version {manifest['version']} of the format, signed by {manifest['key'][:12]}…")
        for member in manifest["members"]:
            what = "pictures" if member["name"].endswith(".files") else "rows"
            print(f"   {member['rows']:>6} {what} in {member['name']}")


def main() -> None:
    """Archive, download, look inside, and see that a tenant that is there is not changed."""
    with Central() as client, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tenant.zip"
        print("1. Archive, with the secrets of connectors sealed")
        job = client.tenants.start_archive(passphrase=PASSPHRASE)
        client.jobs.wait(job=job.id, timeout=120, progress=True)
        print("2. Download: streamed, and checked against its SHA-256")
        file = client.jobs.download(job=job.id, to=path)
        print(f"   {file.name}, {file.size:,} bytes")
        show(path)
        print("3. Import: elsewhere this makes the same tenant")
        try:
            client.tenants.import_archive(path, passphrase=PASSPHRASE, timeout=120)
        except JobFailedError as error:
            print(f"   refused: {error.code}")
    print("Done.")


if __name__ == "__main__":
    main()
