"""A chart of an organisation: run it with `central-server dev -- python examples/org_chart.py`.

Against another server, set CENTRAL_URL, CENTRAL_TENANT and CENTRAL_SESSION to those of somebody who may write units,
and has signed in within the last ten minutes.
"""

import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from central.units.models import Unit
from central_client import Central


def rows_of(mark: str) -> list[dict[str, str]]:
    """Give a small company, in no order; the mark keeps its codes apart from those of another run."""
    return [
        {"code": f"north-{mark}", "name": "North", "parent": f"sales-{mark}"},
        {"code": f"sales-{mark}", "name": "Sales", "parent": f"works-{mark}"},
        {"code": f"works-{mark}", "name": "Works", "parent": "-"},
        {"code": f"plant-{mark}", "name": "Plant", "parent": f"works-{mark}"},
        {"code": f"head-{mark}", "name": "Head of sales", "parent": f"sales-{mark}", "kind": "individual"},
    ]


def hand_over(client: Central, mark: str, works: Unit, table: Path) -> None:
    """Write who is where into a file, and say what an import would do that hands a post on."""
    print("6. Who is where as a file, and what handing the post on would do")
    client.units.export_assignments(to=table, below=works.id)
    same = client.units.import_assignments(table).result
    print(f"   {same.unchanged} unchanged, {same.created} created, {same.changed} changed")
    me, tomorrow = client.users.me().email, datetime.now(UTC) + timedelta(days=1)
    rows = [
        {"unit": f"plant-{mark}", "user": me, "starts_at": tomorrow},
        {"unit": f"head-{mark}", "user": me, "ends_at": tomorrow},
    ]
    plan = client.units.import_assignments(rows, dry_run=True).result.plan
    print("".join(f"   {step}\n" for step in plan), end="")


def main() -> None:
    """Import a chart, put somebody into it, move a department, and draw what was and what is."""
    with Central() as client:
        mark = secrets.token_hex(3)
        print("1. What an import would do")
        plan = client.units.import_units(rows_of(mark), dry_run=True).result.plan
        print("".join(f"   {step}\n" for step in plan), end="")
        print("2. The import")
        done = client.units.import_units(rows_of(mark), progress=True).result
        print(f"   {done.created} created, {done.failed} failed")
        works, sales, plant, head = (
            client.units.get_by_code(code=f"{name}-{mark}") for name in ("works", "sales", "plant", "head")
        )
        print("3. Somebody heads sales for half a year")
        until = datetime.now(UTC) + timedelta(days=182)
        client.units.assign(unit=head.id, user=client.users.me().id, ends_at=until)
        soon = list(client.units.list_assignments(below=works.id, ending_within_days=200))
        print(f"   who loses what in the next 200 days: {len(soon)}")
        print("4. Sales move below the plant")
        before = client.units.as_of(below=works.id).first_page().at
        client.units.move(unit=sales.id, parent=plant.id)
        for name, moment in (("Before", before), ("Today", None)):
            print(f"   {name}:")
            for unit in client.units.as_of(below=works.id, at=moment):
                print(f"   {'   ' * unit.level}{unit.name}")
        print("5. The chart as a file, which changes nothing when it is imported again")
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "units.csv"
            client.units.export_units(to=table, below=works.id)
            again = client.units.import_units(table).result
            print(f"   {again.unchanged} unchanged, {again.created} created, {again.moved} moved")
            hand_over(client, mark, works, Path(folder) / "people.csv")
    print("Done.")


if __name__ == "__main__":
    main()
