"""Lists are fetched while they are read."""

from itertools import islice

import pytest

from central_client import AsyncPager, NotFoundError, Pager, UnreadableAnswerError


def page(bodies, number, following):
    return {"users": [bodies.user | {"displayName": f"{number}.{n}"} for n in range(2)], "nextCursor": following}


@pytest.fixture
def three_pages(server, bodies):
    server.answers_with(page(bodies, 1, "c 2")).answers_with(page(bodies, 2, "c3")).answers_with(page(bodies, 3, None))
    return server


NAMES = ["1.0", "1.1", "2.0", "2.1", "3.0", "3.1"]
PATHS = [
    "/v1/tenants/acme/users?limit=2&role=owner",
    "/v1/tenants/acme/users?limit=2&cursor=c%202&role=owner",
    "/v1/tenants/acme/users?limit=2&cursor=c3&role=owner",
]


def test_items_come_from_every_page(client, three_pages):
    """A loop over the list is a loop over all items, with the filters on every page."""
    pager = client.users.list(limit=2, role="owner")
    assert three_pages.requests == []
    assert [user.display_name for user in pager] == NAMES
    assert three_pages.paths == PATHS


def test_nothing_is_fetched_before_it_is_needed(client, three_pages):
    """Two items take one page, three take two."""
    assert len(list(islice(client.users.list(), 2))) == 2
    assert len(three_pages.requests) == 1


def test_pages_one_by_one(client, three_pages):
    """`pages` gives items and cursors."""
    pages = list(client.users.list().pages())
    assert [each.next_cursor for each in pages] == ["c 2", "c3", None]
    assert [user.display_name for each in pages for user in each.items] == NAMES


def test_the_first_page_alone_and_from_a_cursor(client, three_pages):
    """`first_page` is one request; its cursor leads on later."""
    first = client.users.list().first_page()
    assert [user.display_name for user in first.items] == ["1.0", "1.1"]
    assert first.items == first.users
    assert client.users.list(cursor=first.next_cursor).first_page().users[0].display_name == "2.0"
    assert three_pages.paths[-1] == "/v1/tenants/acme/users?cursor=c%202"


def test_a_list_can_be_read_again(client, server, bodies):
    """Each iteration begins at the first page."""
    server.answers_with(page(bodies, 1, None))
    pager = client.users.list()
    assert list(pager) == list(pager)
    assert len(server.requests) == 2


def test_a_cursor_that_leads_to_itself_ends_the_list(client, server, bodies):
    """A broken server does not make an endless loop."""
    server.answers_with(page(bodies, 1, "same"))
    with pytest.raises(UnreadableAnswerError, match="never end"):
        list(client.users.list())
    assert len(server.requests) == 2


def test_an_error_on_a_later_page_is_raised_there(client, server, bodies):
    """What came before has been given already."""
    server.answers_with(page(bodies, 1, "c2")).fails_with(404, "tenant_not_found")
    users = iter(client.users.list())
    assert [next(users).display_name, next(users).display_name] == ["1.0", "1.1"]
    with pytest.raises(NotFoundError):
        next(users)


def test_pagers_say_what_they_list(client, async_client):
    """Their repr names the operation."""
    assert repr(client.users.list()) == "<Pager of users.list>"
    assert repr(async_client.sessions.list_mine()) == "<AsyncPager of sessions.list_mine>"
    assert isinstance(client.users.list(), Pager)
    assert isinstance(async_client.users.list(), AsyncPager)


async def test_the_asynchronous_list(async_client, three_pages):
    """`async for`, page by page, with the filters."""
    pager = async_client.users.list(limit=2, role="owner")
    assert [user.display_name async for user in pager] == NAMES
    assert three_pages.paths == PATHS


async def test_the_asynchronous_pages(async_client, three_pages, bodies):
    """`pages` and `first_page` as in the blocking client."""
    assert [each.next_cursor async for each in async_client.users.list().pages()] == ["c 2", "c3", None]
    assert len((await async_client.users.list().first_page()).items) == 2
    three_pages.answers[:] = []
    three_pages.answers_with(page(bodies, 1, "same"))
    with pytest.raises(UnreadableAnswerError):
        [user async for user in async_client.users.list()]
