from central.events.registry import EVENTS, UnknownEvent
from central.kernel.ids import RichId
from support.models import event_classes


def test_every_event_is_in_the_registry() -> None:
    """A new event is refused by this test until readers can be given it."""
    assert set(event_classes()) - {UnknownEvent} == set(EVENTS)
    kinds = [event.model_fields["kind"].default for event in EVENTS]
    assert len(kinds) == len(set(kinds))


def test_most_events_have_a_target() -> None:
    """An event names what it happened to, unless that is the tenant itself."""
    without = {
        event.model_fields["kind"].default
        for event in EVENTS
        if not any(
            isinstance(field.annotation, type) and issubclass(field.annotation, RichId)
            for name, field in event.model_fields.items()
            if name not in {"id", "tenant_id"}
        )
    }
    assert all(kind.startswith(("tenant.", "attribute_rules.", "user.attribute_rules.")) for kind in without), without
