"""Before anything is timed: every target gives the same answers, field by field, and refuses the same requests."""

import http.client
import json
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from bench.seed import MEMBER, OWNER, SeededSession, session_of
from bench.targets import RunningTarget, TargetError

_TENANTS = (0, 1, 17, 999)
_CHOSEN_BY_THE_SERVER = {"id", "createdAt", "updatedAt", "email"}


class _Caller:
    def __init__(self, running: RunningTarget) -> None:
        self._target = running.target
        self.title = running.target.title

    def ask(self, method: str, path: str, token: str | None, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._target.port, timeout=10)
        headers = {"accept": "application/json"}
        if token is not None:
            headers["cookie"] = f"{self._target.cookie}={token}"
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def expect(self, status: int | set[int], method: str, path: str, token: str | None, body: Any = None) -> Any:
        found, answer = self.ask(method, path, token, body)
        if found not in ({status} if isinstance(status, int) else status):
            raise TargetError(f"{self.title}: {method} {path} gave {found}, not {status}: {answer}")
        return answer


def verify(targets: Sequence[RunningTarget]) -> None:
    """Raise `TargetError`, naming the first difference, unless all answer alike."""
    reference: list[Any] | None = None
    for running in targets:
        running.thaw()
        caller = _Caller(running)
        answers = _answers(caller)
        _refusals(caller)
        running.freeze()
        if reference is None:
            reference = answers
        elif difference := _difference(reference, answers, ""):
            raise TargetError(f"{caller.title} does not answer as {targets[0].target.title}: {difference}")


def _answers(caller: _Caller) -> list[Any]:
    answers: list[Any] = []
    for tenant in _TENANTS:
        owner, member = session_of(tenant, OWNER), session_of(tenant, MEMBER)
        users = f"/v1/tenants/{owner.slug}/users"
        answers += [caller.expect(200, "GET", f"/v1/tenants/{one.slug}/me", one.token) for one in (owner, member)]
        first = caller.expect(200, "GET", f"{users}?limit=50", owner.token)
        second = caller.expect(200, "GET", f"{users}?limit=50&cursor={first.pop('nextCursor')}", owner.token)
        # A small tenant's second page is where the users are that are made here and while measuring.
        answers += [first, {**second, "nextCursor": None, "users": second["users"][:30]}]
        answers.append(_created(caller, users, owner))
    return answers


def _created(caller: _Caller, users: str, owner: SeededSession) -> Any:
    email = f"verify.{caller.title.encode().hex()}@{owner.slug}.example.com"
    made = caller.expect(201, "POST", users, owner.token, {"email": email, "displayName": "Łucja  Ünïcode 🎉"})
    if made["email"] != email:
        raise TargetError(f"{caller.title} created {made['email']}, not {email}")
    caller.expect(409, "POST", users, owner.token, {"email": email.upper(), "displayName": "Again"})
    return {name: None if name in _CHOSEN_BY_THE_SERVER else value for name, value in made.items()}


def _refusals(caller: _Caller) -> None:
    owner, member, other = session_of(3, OWNER), session_of(3, MEMBER), session_of(4, OWNER)
    users = f"/v1/tenants/{owner.slug}/users"
    caller.expect(401, "GET", f"/v1/tenants/{owner.slug}/me", None)
    caller.expect(401, "GET", f"/v1/tenants/{owner.slug}/me", "wrong")
    caller.expect({401, 403, 404}, "GET", users, other.token)
    caller.expect(403, "POST", users, member.token, {"email": "a@example.com", "displayName": "A"})
    caller.expect({400, 422}, "POST", users, owner.token, {"email": "nobody", "displayName": "A"})


def _difference(expected: Any, found: Any, path: str) -> str | None:
    if isinstance(expected, dict) and isinstance(found, dict):
        pairs = [(f"{path}.{name}", expected.get(name, "absent"), found.get(name, "absent"))
                 for name in {**expected, **found}]  # fmt: skip
    elif isinstance(expected, list) and isinstance(found, list):
        both = zip_longest(expected, found, fillvalue="absent")
        pairs = [(f"{path}[{index}]", *pair) for index, pair in enumerate(both)]
    else:
        same = _comparable(expected) == _comparable(found)
        return None if same else f"{path} is {found!r}, not {expected!r}"
    return next(filter(None, (_difference(one, other, name) for name, one, other in pairs)), None)


def _comparable(value: Any) -> Any:
    """Read times, so that `.5Z` and `.500000+00:00` are the same."""
    if isinstance(value, str) and value[:2] == "20":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
