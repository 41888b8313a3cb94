"""What a row means for who is there: pure decisions, the same for a dry run and for the real one."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from central.errors import FieldError
from central.user_imports.models import StartUserImportInput
from central_server.jobs.runs import RowErrors
from central_server.user_imports.reading import Row
from central_server.users.attributes import Checker
from central_server.users.batches import Known
from central_server.users.inputs import NewUser, Powers, UserChange, new_user
from central_server.users.policy import DETAILS, OWNER, merge_patch
from central_server.users.tables import DBKnownUser

_MOST_TAGS = 50
_MOST_EXTERNAL_IDS = 20
_PLAIN = ("display_name", "locale", "time_zone")


class Plan(NamedTuple):
    """What is to be done for a chunk of rows."""

    new: Sequence[NewUser]
    changes: Sequence[UserChange]
    unchanged: int
    errors: Sequence[RowErrors]


class Rules(NamedTuple):
    """By what rows are judged: the import's options, what its starter may do, what roles allow, and the schema."""

    options: StartUserImportInput
    powers: Powers
    roles: Mapping[str, frozenset[str]]
    check_attributes: Checker


class RefusedError(Exception):
    """A row cannot be done; `errors` say why."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = errors


def plan_rows(rows: Sequence[Row], known: Known, rules: Rules) -> Plan:
    """Decide what each row does: make somebody, change somebody, nothing, or give an error."""
    new: list[NewUser] = []
    changes: list[UserChange] = []
    errors: list[RowErrors] = []
    for row in rows:
        try:
            user = find_user(row, known, rules.options)
            if user is None:
                new.append(_new(row, rules))
            elif (change := _change(row, user, rules)) is not None:
                changes.append(change)
        except RefusedError as refusal:
            errors.append(RowErrors(row.number, refusal.errors))
    return Plan(new, changes, len(rows) - len(new) - len(changes) - len(errors), errors)


def find_user(row: Row, known: Known, options: StartUserImportInput) -> DBKnownUser | None:
    """Find whom a row is about; `RefusedError` when what it says of them is another person's."""
    owner = known.addresses.get(row.address)
    if options.source is not None:
        id = known.names.get((options.source, row.input.external_ids[options.source]))
    else:
        id = owner["user_id"] if owner is not None and owner["counts"] else None
    if owner is not None and owner["user_id"] != id:
        raise _refused("email", "email_taken", "Another user has this address")
    if id is not None and owner is None:
        raise _refused("email", "address_differs", "The user has another address; an import changes none")
    for source, name in row.names():
        if known.names.get((source, name), id) != id:
            raise _refused(f"externalIds.{source}", "external_id_taken", "Another user is called so by this system")
    return None if id is None else known.users[id]


def _new(row: Row, rules: Rules) -> NewUser:
    roles = row.input.roles if "roles" in row.given else rules.options.roles
    _check_may_grant(roles, rules)
    user = new_user(row.input)
    if user.attributes:
        _check_attributes(user.attributes, rules)
    return NewUser(
        email=user.email,
        display_name=user.display_name,
        roles=roles,
        locale=user.locale,
        time_zone=user.time_zone,
        external_ids=user.external_ids,
        tags=user.tags,
        attributes=user.attributes,
    )


def _change(row: Row, user: DBKnownUser, rules: Rules) -> UserChange | None:
    details = _details(row, user, rules)
    names = {source: name for source, name in row.names() if user["external_ids"].get(source) != name}
    if len({*user["external_ids"], *names}) > _MOST_EXTERNAL_IDS:
        raise _refused("externalIds", "too_long", f"A user has up to {_MOST_EXTERNAL_IDS} external ids")
    granted, revoked = _roles(row, user)
    before: Mapping[str, Any] = user
    if not (names or granted or revoked or details != {name: before[name] for name in DETAILS}):
        return None
    _check_may_change(user, rules)
    _check_may_grant([*granted, *revoked], rules)
    held = set(user["roles"])
    return UserChange(
        user=user["id"],
        before=before,
        details=details,
        names=names,
        granted=granted,
        revoked=revoked,
        ends_sessions=bool(set(granted) - held or set(revoked) & held),
    )


def _details(row: Row, user: DBKnownUser, rules: Rules) -> dict[str, Any]:
    """Give all details as they are to be: what the row does not say is as before."""
    before: Mapping[str, Any] = user
    details = {name: before[name] for name in DETAILS}
    # A null says nothing, as an empty cell of a table does.
    details |= {name: value for name in _PLAIN if (value := getattr(row.input, name)) is not None}
    details["tags"] = {**user["tags"], **row.input.tags}
    if len(details["tags"]) > _MOST_TAGS:
        raise _refused("tags", "too_many_tags", f"A user has up to {_MOST_TAGS} tags")
    details["attributes"] = merge_patch(user["attributes"], row.input.attributes)
    if details["attributes"] != user["attributes"]:
        _check_attributes(details["attributes"], rules)
    return details


def _roles(row: Row, user: DBKnownUser) -> tuple[list[str], list[str]]:
    """Give which roles a row adds and takes: those that end by themselves, or come from groups, stay as they are."""
    if "roles" not in row.given:
        return [], []
    lasting, wanted = set(user["lasting_roles"]), set(row.input.roles)
    return sorted(wanted - lasting), sorted(lasting - wanted)


def powers_needed(user: DBKnownUser, rules: Rules) -> frozenset[str]:
    """Give what somebody must be allowed who changes this user: all that the user is."""
    return frozenset[str]().union(*(rules.roles.get(role, frozenset()) for role in user["roles"]))


def _check_may_change(user: DBKnownUser, rules: Rules) -> None:
    if OWNER in user["roles"]:
        raise _refused("", "owner", "An import changes no owners")
    if not rules.powers.covers(powers_needed(user, rules), user["system_permissions"]):
        raise _refused("", "more_powerful", "This person may do more than whoever started the import")


def _check_may_grant(roles: Sequence[str], rules: Rules) -> None:
    for role in roles:
        if role not in rules.roles:
            raise _refused("roles", "unknown_role", "There is no such role here")
        if role == OWNER:
            raise _refused("roles", "owner", "An import makes no owners")
        if not rules.powers.covers(rules.roles[role]):
            raise _refused("roles", "permission_not_held", "A role allows more than whoever started the import may do")


def _check_attributes(attributes: Mapping[str, Any], rules: Rules) -> None:
    if errors := rules.check_attributes(attributes):
        raise RefusedError(list(errors)[:10])


def _refused(field: str, code: str, message: str) -> RefusedError:
    return RefusedError([FieldError(field=field, code=code, message=message)])
