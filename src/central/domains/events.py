from typing import Literal

from central.kernel.events import Changed, Event
from central.kernel.ids import DomainId


class DomainCreated(Event):
    """A domain was claimed."""

    kind: Literal["domain.created"] = "domain.created"
    domain_id: DomainId


class DomainUpdated(Changed):
    """A domain's connector, or whether it counts for its subdomains, changed."""

    told = frozenset({"include_subdomains", "connector_id"})

    kind: Literal["domain.updated"] = "domain.updated"
    domain_id: DomainId


class DomainVerified(Event):
    """A domain's proof was found: for the first time, or again after it had been missing."""

    kind: Literal["domain.verified"] = "domain.verified"
    domain_id: DomainId


class DomainFailing(Event):
    """A verified domain's proof is gone; the domain counts on until the grace period ends."""

    kind: Literal["domain.failing"] = "domain.failing"
    domain_id: DomainId


class DomainLapsed(Event):
    """A domain's proof was gone for longer than the grace period: it is verified no more."""

    kind: Literal["domain.lapsed"] = "domain.lapsed"
    domain_id: DomainId


class DomainDeleted(Event):
    """A domain was given up."""

    kind: Literal["domain.deleted"] = "domain.deleted"
    domain_id: DomainId
