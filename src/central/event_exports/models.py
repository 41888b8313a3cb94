from typing import Literal, TypeAlias

from pydantic import Field

from central.events.models import EventFilterInput

EventExportFormat: TypeAlias = Literal["ndjson", "csv", "parquet"]


class StartEventExportInput(EventFilterInput):
    """Which events to export, as `events.list` chooses them, and how the file is written."""

    format: EventExportFormat = Field(
        default="ndjson",
        description="`ndjson`: an event in each line, as `events.list` gives it; `csv` and `parquet`: a table with a "
        "column for what every event has, and one of JSON for the rest. `parquet` needs `central[parquet]` on the "
        "server.",
    )
