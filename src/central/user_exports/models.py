from typing import Literal, TypeAlias

from pydantic import Field

from central.users.models import UserFilterInput

UserExportFormat: TypeAlias = Literal["csv", "ndjson"]


class StartUserExportInput(UserFilterInput):
    """Which users to export, as `users.list` chooses them, and how the file is written."""

    format: UserExportFormat = Field(
        default="csv", description="`csv`: a table for people; `ndjson`: a JSON object in each line."
    )
