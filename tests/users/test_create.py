import pytest

from central.errors import ConflictError
from central_client import AsyncCentral


async def test_create_user_gives_the_user(owner: AsyncCentral) -> None:
    """An owner creates a member, who is active and named after their address."""
    user = await owner.users.create(email="Ada@Example.com")
    assert (user.email, user.display_name, user.roles, user.state) == ("Ada@Example.com", "Ada", ["member"], "active")


async def test_second_user_with_same_address_is_refused(owner: AsyncCentral) -> None:
    """An address is taken whatever its case."""
    await owner.users.create(email="ada@example.com")
    with pytest.raises(ConflictError) as refusal:
        await owner.users.create(email="ADA@EXAMPLE.COM")
    assert refusal.value.code == "email_taken"


async def test_me(owner: AsyncCentral) -> None:
    """The owner sees themselves."""
    me = await owner.users.me()
    assert me.roles == ["owner"]
    page = await owner.users.list().first_page()
    assert [user.id for user in page.items] == [me.id]
