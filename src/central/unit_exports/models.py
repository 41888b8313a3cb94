from typing import Literal, TypeAlias

from pydantic import Field

from central.kernel.ids import UnitId
from central.kernel.model import TenantInput

UnitExportFormat: TypeAlias = Literal["csv", "ndjson"]


class StartUnitExportInput(TenantInput):
    """Which units to export, and how the file is written."""

    below: UnitId | None = Field(default=None, description="This unit and all below it; all when absent.")
    format: UnitExportFormat = Field(
        default="csv", description="`csv`: a table for people; `ndjson`: a JSON object in each line."
    )
