"""The parts of units: which there are, in the order that `container.py` says."""

from central_server.assignment_exports.activities.export_assignments import ExportAssignmentsActivity
from central_server.assignment_exports.exporting import AssignmentExporter
from central_server.assignment_exports.routes import AssignmentExportRoutes
from central_server.assignment_exports.service import AssignmentExportService
from central_server.assignment_imports.activities.import_assignments import ImportAssignmentsActivity
from central_server.assignment_imports.importing import AssignmentImporter
from central_server.assignment_imports.judging import AssignmentJudge
from central_server.assignment_imports.routes import AssignmentImportRoutes
from central_server.assignment_imports.service import AssignmentImportService
from central_server.unit_exports.activities.export_units import ExportUnitsActivity
from central_server.unit_exports.exporting import UnitExporter
from central_server.unit_exports.routes import UnitExportRoutes
from central_server.unit_exports.service import UnitExportService
from central_server.unit_imports.activities.import_units import ImportUnitsActivity
from central_server.unit_imports.importing import UnitImporter
from central_server.unit_imports.routes import UnitImportRoutes
from central_server.unit_imports.service import UnitImportService
from central_server.units.access import UnitAccess
from central_server.units.access_routes import AccessRoutes
from central_server.units.activities.tell_assignments import TellAssignmentsActivity
from central_server.units.assignment_routes import UnitAssignmentRoutes
from central_server.units.assignments import UnitAssignments
from central_server.units.charts import UnitCharts
from central_server.units.directory import UnitDirectory
from central_server.units.lifecycle import UnitLifecycle
from central_server.units.moving import UnitMoves
from central_server.units.placements import UnitPlacements
from central_server.units.routes import UnitRoutes
from central_server.units.service import UnitService
from central_server.units.structure import UnitStructure
from central_server.units.telling import AssignmentTelling

ROUTES: tuple[type, ...] = (
    UnitRoutes,
    UnitAssignmentRoutes,
    AccessRoutes,
    UnitImportRoutes,
    UnitExportRoutes,
    AssignmentImportRoutes,
    AssignmentExportRoutes,
)
ACTIVITIES: tuple[type, ...] = (
    TellAssignmentsActivity,
    ImportUnitsActivity,
    ExportUnitsActivity,
    ImportAssignmentsActivity,
    ExportAssignmentsActivity,
)
SERVICES: tuple[type, ...] = (
    UnitStructure,
    UnitService,
    UnitDirectory,
    UnitMoves,
    UnitLifecycle,
    UnitCharts,
    AssignmentTelling,
    UnitAssignments,
    UnitPlacements,
    UnitAccess,
    UnitImportService,
    UnitImporter,
    UnitExportService,
    UnitExporter,
    AssignmentImportService,
    AssignmentJudge,
    AssignmentImporter,
    AssignmentExportService,
    AssignmentExporter,
)
