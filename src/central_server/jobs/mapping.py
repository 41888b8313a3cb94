"""Between jobs as the database keeps them and as callers see them."""

from central.jobs.models import Job, RowError
from central_server.jobs.tables import DBJob, DBRowError

_FILE = ("name", "content_type", "size", "sha256", "expires_at")


def job_from(row: DBJob) -> Job:
    """Make the DTO of a row."""
    error = row["error_code"] and {"code": row["error_code"], "message": row["error_message"]}
    shown = {name: value for name, value in row.items() if name in Job.model_fields}
    progress = {"stage": row["stage"], "done": row["done"], "total": row["total"], "message": row["message"]}
    file = {name: row[f"file_{name}"] for name in _FILE} if row["has_file"] else None  # type: ignore[literal-required]
    return Job.model_validate({**shown, "progress": progress, "error": error, "file": file})


def row_error_from(row: DBRowError) -> RowError:
    """Make the DTO of what was wrong with a row."""
    return RowError(row=row["row_number"], field=row["field"], code=row["code"], message=row["message"])
