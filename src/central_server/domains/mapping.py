"""Between domains as the database keeps them and as callers see them."""

from central.domains.models import Domain, DomainCheck, TxtRecord
from central_server.domains.policy import explain
from central_server.domains.tables import DBDomain
from central_server.infra.dns import challenge_name


def domain_from(row: DBDomain) -> Domain:
    """Make the DTO of a row."""
    record = challenge_name(row["name"])
    outcome = row["check_outcome"]
    check = outcome and DomainCheck(outcome=outcome, message=explain(outcome, record, row["check_found"]))
    return Domain(
        id=row["id"],
        name=row["name"],
        state=row["state"],
        include_subdomains=row["include_subdomains"],
        connector_id=row["connector_id"],
        txt_record=TxtRecord(name=record, value=row["token"]),
        verified_at=row["verified_at"],
        failing_since=row["failing_since"],
        checked_at=row["checked_at"],
        last_check=check,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )
