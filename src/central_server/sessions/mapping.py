from collections.abc import Mapping
from typing import Any

from central.kernel.ids import SessionId, UserId
from central_server.infra.addresses import Places
from central_server.infra.devices import device_of
from central_server.sessions.tables import DBSession


def described(row: DBSession, places: Places) -> dict[str, Any]:
    """Give what administrators see of a session."""
    return {**row, "device": device_of(row["user_agent"]), "place": places.name(row["address"])}


def described_to_owner(
    row: DBSession, places: Places, current: SessionId, names: Mapping[UserId, str]
) -> dict[str, Any]:
    """Give what its user sees of a session; `names` are those of whoever impersonates."""
    shown = described(row, places)
    del shown["user_id"]
    id = row["impersonator_id"]
    impersonator = {"id": id, "display_name": names[id]} if id is not None and id in names else None
    return {**shown, "current": row["id"] == current, "impersonator": impersonator}
