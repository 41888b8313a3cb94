import random
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError
from ulid import ULID

from central.kernel.ids import TenantId, UserId


def test_ids_are_the_ulid_of_their_uuid() -> None:
    """Text and UUID hold the same 128 bits, written as the ULID library writes them."""
    numbers = random.Random(7)
    extremes = [0, 1, 2**128 - 1, 2**127, 2**15, 2**30, 2**60, 2**90]
    for number in (*extremes, *(numbers.getrandbits(128) for _ in range(500))):
        uuid = UUID(int=number)
        id = UserId.from_uuid(uuid)
        assert id == f"user-{ULID.from_uuid(uuid)}"
        assert id.uuid == uuid
        assert UserId(id) == UserId(id.replace("user-", "").lower().join(["user-", ""])) == id


@pytest.mark.parametrize(
    "text",
    [
        *("", "user", "user-", "user-01H2XVNZ7C9NXWK3TMCRD9QWM", "user-01H2XVNZ7C9NXWK3TMCRD9QWMNN"),
        *("tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN", "USER-01H2XVNZ7C9NXWK3TMCRD9QWMN", "01H2XVNZ7C9NXWK3TMCRD9QWMN"),
        *("user-81H2XVNZ7C9NXWK3TMCRD9QWMN", "user-01H2XVNZ7C9NXWK3TMCRD9QWMI", "user-01H2XVNZ7C9NXWK3TMCRD9QWM\n"),
        *(
            "user_01H2XVNZ7C9NXWK3TMCRD9QWMN",
            " user-01H2XVNZ7C9NXWK3TMCRD9QWMN",
            "user-01H2XVNZ7C9NXWK3TMCRD9QW\u0131N",
        ),
    ],
)
def test_other_texts_are_no_ids(text: str) -> None:
    """Another prefix, length, alphabet or more than 128 bits is refused, by the class and by pydantic."""
    with pytest.raises(ValueError, match="xpected an id like"):
        UserId(text)
    with pytest.raises(ValidationError, match="xpected an id like"):
        TypeAdapter(UserId).validate_python(text)


def test_new_ids_differ_and_sort_by_time() -> None:
    """New ids never repeat, and one of a later millisecond sorts later."""
    made = [TenantId.new() for _ in range(1000)]
    assert len(set(made)) == 1000
    times = [id[7:17] for id in made]
    assert times == sorted(times)
