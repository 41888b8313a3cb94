from pydantic import Field

from central.kernel.ids import UnitId
from central.kernel.model import TenantInput
from central.kernel.times import Moment
from central.unit_exports.models import UnitExportFormat


class StartAssignmentExportInput(TenantInput):
    """Which assignments to export, and how the file is written."""

    at: Moment | None = Field(
        default=None,
        description="Those that held, or will hold, at this moment; when absent, those that have not ended.",
    )
    below: UnitId | None = Field(default=None, description="To this unit and all below it; to all when absent.")
    format: UnitExportFormat = Field(
        default="csv", description="`csv`: a table for people; `ndjson`: a JSON object in each line."
    )
