"""Export users and what happened: run it with `central-server dev -- python examples/export_users.py`.

Against another server, set CENTRAL_URL, CENTRAL_TENANT and CENTRAL_SESSION to those of somebody who may read users and
events, and has signed in within the last ten minutes. The last step needs `users:write`: it shows that importing the
file again changes nothing.
"""

import tempfile
from pathlib import Path

from central_client import Central


def main() -> None:
    """Export as a table and as lines, by filters; import it again; export what happened."""
    with Central() as client, tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "users.csv"
        print("1. Everybody, as a table")
        job = client.users.export_users(to=table, progress=True)
        assert job.file is not None
        print(f"   {job.result.exported} users, {job.file.size:,} bytes, kept until {job.file.expires_at:%Y-%m-%d}")
        print("2. Owners alone, as a JSON object in each line")
        lines = Path(folder) / "owners.ndjson"
        client.users.export_users(to=lines, format="ndjson", role="owner")
        print(f"   {len(lines.read_text(encoding='utf-8').splitlines())} owners")
        print("3. Import the table again: nothing changes")
        done = client.users.import_users(table).result
        print(f"   {done.created} created, {done.updated} updated, {done.unchanged} unchanged, {done.failed} failed")
        print("4. What happened")
        events = Path(folder) / "events.ndjson"
        job = client.events.export_events(to=events)
        print(f"   {job.result.exported} events")
    print("Done.")


if __name__ == "__main__":
    main()
