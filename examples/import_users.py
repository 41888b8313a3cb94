"""Import users from a table: run it with `central-server dev -- python examples/import_users.py`.

Against another server, set CENTRAL_URL, CENTRAL_TENANT and CENTRAL_SESSION to those of somebody who may write users.
With the path of a `.csv`, `.ndjson` or `.jsonl` file it imports that one. Run again, it changes nothing.
"""

import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

from central_client import Central, JobFailedError

USERS = 500


def write_table(path: Path) -> None:
    """Write what an HR system might give: one line of it is wrong."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["email", "display_name", "external_ids.hr", "tags.team", "attributes.department"])
        for number in range(1, USERS + 1):
            team = ("red", "green", "blue")[number % 3]
            table.writerow([f"person{number}@import.example", f"Person {number}", str(number), team, "Sales"])
        table.writerow(["not an address", "Nobody", "9999", "", ""])


def show(client: Central, job: Any) -> None:
    """Say what a job did, and what was wrong with which row."""
    done = job.result
    print(f"   {done.created} created, {done.updated} updated, {done.unchanged} unchanged, {done.failed} failed")
    for error in client.jobs.list_row_errors(job=job.id):
        print(f"   row {error.row}, {error.field}: {error.message}")


def main() -> None:
    """Try it, do it, do it again, and see a limit hold."""
    with Central() as client, tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "people.csv"
        if len(sys.argv) == 1:
            write_table(path)
        print("1. What would happen?")
        show(client, client.users.import_users(path, match="external_id", source="hr", dry_run=True))
        print("2. Import, with progress")
        show(client, client.users.import_users(path, match="external_id", source="hr", progress=True))
        print("3. Again: the same rows change nothing")
        show(client, client.users.import_users(path, match="external_id", source="hr"))
        print("4. Whoever is missing is disabled, but for no more than ten")
        first = [{"email": "person1@import.example", "external_ids": {"hr": "1"}}]
        try:
            client.users.import_users(
                first, match="external_id", source="hr", on_missing="disable", disable_limit=10, timeout=60
            )
        except JobFailedError as error:
            print(f"   refused: {error.message}")
        print("5. The jobs")
        for job in client.jobs.list(kind="user_import", limit=4):
            print(f"   {job.id} {job.state}")
    print("Done.")


if __name__ == "__main__":
    main()
