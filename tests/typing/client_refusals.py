"""What mypy and pyright refuse: each line with `type: ignore` is an error to both, and no other line is.

The comments name mypy's rules; pyright is run with such comments switched off, and must find these very lines.
"""

from central.auth.models import StartEmailCodeSignInResponse
from central_client import AsyncCentral, Central, UserId, login


async def later(challenge: StartEmailCodeSignInResponse) -> str:
    """Give a code, awaited."""
    return challenge.sign_in


def blocking(client: Central, user: UserId) -> None:
    """Arguments are checked by name and by type."""
    client.users.create()  # type: ignore[call-arg]
    client.users.create(email=1)  # type: ignore[arg-type]
    client.users.create("a@b.de")  # type: ignore[call-arg]
    client.users.create(email="a@b.de", colour="red")  # type: ignore[call-arg]
    client.users.create(email="a@b.de", displayName="A")  # type: ignore[call-arg]
    client.users.get(user="ada")  # type: ignore[arg-type]
    client.users.list(sort="shoe_size")  # type: ignore[arg-type]
    client.tenants.suspend()  # type: ignore[call-arg]
    client.users.me().shoe_size  # type: ignore[attr-defined]  # noqa: B018
    client.users.recreate()  # type: ignore[attr-defined]
    client.users.delete(user=user).id  # type: ignore[attr-defined]  # noqa: B018
    client.auth.sign_in_with_email_code(email="a@b.de", code=later)  # type: ignore[arg-type]
    login(how="telepathy")  # type: ignore[arg-type]


async def mixed(client: Central, awaited: AsyncCentral) -> None:
    """Take one client for the other, which cannot be."""
    await client.users.me()  # type: ignore[misc]
    awaited.users.me().email  # type: ignore[attr-defined]  # noqa: B018
    for _ in awaited.users.list():  # type: ignore[attr-defined]
        pass
    async for _ in client.users.list():  # type: ignore[attr-defined]
        pass
