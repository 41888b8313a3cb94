from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from central.kernel.ids import TenantId, UnitAssignmentId, UnitId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

STEP = 2**20
"""How far siblings stand apart at first: twenty units in a row find a place between the same two."""

UNITS = Table(
    "units",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(UnitId), nullable=False),
    Column("parent_id", RichIdColumn(UnitId)),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text(collation="C"), Computed("lower(name)", persisted=True), nullable=False),
    Column("description", Text),
    Column("code", Text),
    Column("code_key", Text(collation="C"), Computed("lower(code)", persisted=True)),
    Column("position", BigInteger, nullable=False),
    Column("single_holder", Boolean, nullable=False),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("tags", JSONB, nullable=False, server_default=text("'{}'")),
    Column("archived_at", DateTime(timezone=True)),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "id", "single_holder", name="uq_units_single_holder"),
    ForeignKeyConstraint(
        ["tenant_id", "parent_id"],
        ["units.tenant_id", "units.id"],
        name="fk_units_parent",
        deferrable=True,
        initially="DEFERRED",
    ),
    CheckConstraint("kind IN ('organizational', 'individual')", name="kind"),
    Index("uq_units_code", "tenant_id", "code_key", unique=True),
    Index("ix_units_siblings", "tenant_id", "parent_id", "position", "id"),
    Index("ix_units_name", "tenant_id", "name_key", "id"),
    Index("ix_units_created_at", "tenant_id", "created_at", "id"),
    Index("ix_units_tags", "tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
)
"""A unit. The keys are columns: row-level security lets no index be used on what a function makes of one."""

UNIT_PATHS = Table(
    "unit_paths",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("ancestor_id", RichIdColumn(UnitId), nullable=False),
    Column("unit_id", RichIdColumn(UnitId), nullable=False),
    Column("distance", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "ancestor_id", "unit_id"),
    ForeignKeyConstraint(["tenant_id", "unit_id"], ["units.tenant_id", "units.id"], ondelete="CASCADE"),
    Index("ix_unit_paths_unit", "tenant_id", "unit_id", "distance"),
)
"""Which unit stands how far above which; each 0 above itself. `queries/tree.py` keeps it as the parents say."""

UNIT_VERSIONS = Table(
    "unit_versions",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("unit_id", RichIdColumn(UnitId), nullable=False),
    Column("version", Integer, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True)),
    Column("parent_id", RichIdColumn(UnitId)),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("code", Text),
    Column("position", BigInteger, nullable=False),
    Column("single_holder", Boolean, nullable=False),
    Column("archived_at", DateTime(timezone=True)),
    Column("changed_by", RichIdColumn(UserId)),
    PrimaryKeyConstraint("tenant_id", "unit_id", "version"),
    CheckConstraint("valid_until > valid_from", name="valid"),
    ExcludeConstraint(
        ("tenant_id", "="),
        ("unit_id", "="),
        (text("tstzrange(valid_from, valid_until)"), "&&"),
        name="ex_unit_versions_valid",
    ),
    Index("ix_unit_versions_siblings", "tenant_id", "parent_id", "position", "unit_id"),
)
"""What each unit was from when until when: one state at a moment. It stays when the unit is deleted."""

UNIT_ASSIGNMENTS = Table(
    "unit_assignments",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(UnitAssignmentId), nullable=False),
    Column("unit_id", RichIdColumn(UnitId), nullable=False),
    Column("single_holder", Boolean),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("role", Text),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True)),
    Column("created_by", RichIdColumn(UserId)),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("start_told_at", DateTime(timezone=True)),
    Column("end_told_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "unit_id"], ["units.tenant_id", "units.id"], name="fk_unit_assignments_unit"),
    ForeignKeyConstraint(
        ["tenant_id", "unit_id", "single_holder"],
        ["units.tenant_id", "units.id", "units.single_holder"],
        name="fk_unit_assignments_single_holder",
        onupdate="CASCADE",
    ),
    ForeignKeyConstraint(
        ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name="fk_unit_assignments_user", ondelete="CASCADE"
    ),
    ForeignKeyConstraint(["tenant_id", "role"], ["roles.tenant_id", "roles.slug"], name="fk_unit_assignments_role"),
    CheckConstraint("ends_at > starts_at", name="ends"),
    ExcludeConstraint(
        ("tenant_id", "="),
        ("unit_id", "="),
        ("user_id", "="),
        (text("tstzrange(starts_at, ends_at)"), "&&"),
        name="ex_unit_assignments_person",
    ),
    ExcludeConstraint(
        ("tenant_id", "="),
        ("unit_id", "="),
        (text("tstzrange(starts_at, ends_at)"), "&&"),
        where=text("single_holder"),
        name="ex_unit_assignments_holder",
    ),
    Index("ix_unit_assignments_unit", "tenant_id", "unit_id", "starts_at", "id"),
    Index("ix_unit_assignments_user", "tenant_id", "user_id", "starts_at", "id"),
    Index("ix_unit_assignments_role", "tenant_id", "role"),
    Index("ix_unit_assignments_starts_at", "tenant_id", "starts_at", "id"),
    Index("ix_unit_assignments_starting", "starts_at", postgresql_where=text("start_told_at IS NULL")),
    Index(
        "ix_unit_assignments_ending",
        "ends_at",
        postgresql_where=text("end_told_at IS NULL AND ends_at IS NOT NULL"),
    ),
)
"""Who is in which unit, from when until when: judged where it is read, so that nothing need happen in between.

`single_holder` is the unit's, held equal by the foreign key, so that a constraint can tell two who hold it at once.
It is null for what was over when the unit got a single holder: who shared it before is no matter then.
"""


class DBUnit(TypedDict):
    """A row of `units`."""

    id: UnitId
    parent_id: UnitId | None
    kind: str
    name: str
    description: str | None
    code: str | None
    position: int
    single_holder: bool
    attributes: dict[str, Any]
    tags: dict[str, str]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class DBListedUnit(DBUnit):
    """A unit in a list, with what lists by name go on behind."""

    name_key: str


class DBUnitId(TypedDict):
    """The id of a unit alone."""

    id: UnitId


class DBNamedUnit(DBUnitId):
    """What a unit is called."""

    name: str


class DBSiblings(TypedDict):
    """How many siblings there are, and which positions are next to a place."""

    number: int
    before: int | None
    after: int | None


class DBHeights(TypedDict):
    """How many units stand above a place, and how many levels a subtree has."""

    above: int
    levels: int
    inside: bool


class DBUnitVersion(TypedDict):
    """A row of `unit_versions`."""

    unit_id: UnitId
    version: int
    valid_from: datetime
    valid_until: datetime | None
    parent_id: UnitId | None
    kind: str
    name: str
    code: str | None
    position: int
    single_holder: bool
    archived_at: datetime | None
    changed_by: UserId | None


class DBChartUnit(TypedDict):
    """A unit of a chart, and how many units of the chart stand above it."""

    unit_id: UnitId
    parent_id: UnitId | None
    kind: str
    name: str
    code: str | None
    position: int
    single_holder: bool
    archived_at: datetime | None
    valid_from: datetime
    level: int


class DBPlaceInChart(TypedDict):
    """A unit on the way from the top of a chart down to another, at a moment."""

    unit_id: UnitId
    position: int


class DBMoment(TypedDict):
    """A moment by the database's clock."""

    at: datetime


class DBAssignment(TypedDict):
    """A row of `unit_assignments` with its state of now."""

    id: UnitAssignmentId
    unit_id: UnitId
    user_id: UserId
    role: str | None
    starts_at: datetime
    ends_at: datetime | None
    state: str
    created_by: UserId | None
    created_at: datetime
    updated_at: datetime
    version: int


class DBPlaced(DBAssignment):
    """An assignment with the person's address; `single_holder` is null where it is in no other holder's way."""

    single_holder: bool | None
    email: str


class DBHeldUnit(TypedDict):
    """A unit that stays as it is until the transaction ends, as far as assignments go."""

    single_holder: bool
    archived_at: datetime | None


class DBDueAssignment(TypedDict):
    """An assignment that has begun or ended, of which that was not told, and whose it is."""

    tenant_id: TenantId
    id: UnitAssignmentId


class DBCount(TypedDict):
    """How many there are."""

    number: int


class DBWay(TypedDict):
    """The assignment by which somebody may do something in a unit: in it, or in one above."""

    id: UnitAssignmentId
    unit_id: UnitId
    role: str
    ends_at: datetime | None
