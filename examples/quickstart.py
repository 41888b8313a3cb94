"""A tour of Central in a minute: run it with `central-server dev -- python examples/quickstart.py`.

Against another server, set CENTRAL_URL, CENTRAL_TENANT and CENTRAL_SESSION to those of an operator. Every run makes
a tenant of its own, so it may be repeated.
"""

import asyncio
import os
import secrets
from time import perf_counter

from central_client import AsyncCentral, Central, UnauthenticatedError
from central_client.testing import DevMailbox

USERS = 100


class Inbox:
    """Where mailed codes are read: the mailbox of a development server, else the person is asked."""

    def __init__(self, url: str) -> None:
        self.mailbox = DevMailbox(url) if "CENTRAL_MAILBOX_URL" in os.environ else None

    def code(self, email: str) -> str:
        """Give the code that was mailed last."""
        if self.mailbox is None:
            return input(f"   The code that was mailed to {email}: ")
        return self.mailbox.wait_for_code(email, timeout=30)

    def sign_in(self, client: Central, email: str) -> None:
        """Sign a client in with a mailed code."""
        signed_in = client.auth.sign_in_with_email_code(email=email, code=lambda _: self.code(email))
        print(f"   {signed_in.user.display_name} is signed in until {signed_in.session.expires_at:%Y-%m-%d %H:%M}")


async def create_users(url: str, slug: str, owner: Central) -> None:
    """Create many users at once, with the asynchronous client."""
    async with AsyncCentral(url, tenant=slug, session=owner.session_token) as client:
        begun = perf_counter()
        users = await client.gather(
            client.users.create(email=f"user{number:03}@{slug}.example", display_name=f"User {number:03}")
            for number in range(1, USERS + 1)
        )
        print(f"   {len(users)} users in {perf_counter() - begun:.2f} s")


def show_pages(owner: Central) -> None:
    """Walk through the list, page by page; `for user in owner.users.list()` does without seeing pages."""
    for number, page in enumerate(owner.users.list(limit=40, sort="email").pages(), start=1):
        print(f"   page {number}: {len(page.items)} users, {page.items[0].email} to {page.items[-1].email}")


def disable_one(url: str, slug: str, owner: Central, inbox: Inbox) -> None:
    """Rename a user, sign them in, disable them, and see their session refused at once."""
    ada = next(user for user in owner.users.list(email=f"user001@{slug}.example"))
    ada = owner.users.update(user=ada.id, display_name="Ada Lovelace")
    print(f"   {ada.email} is now called {ada.display_name}")
    with Central(url, tenant=slug) as client:
        inbox.sign_in(client, ada.email)
        owner.users.disable(user=ada.id)
        try:
            client.users.me()
        except UnauthenticatedError as error:
            print(f"   disabled, and refused at once: {error.message}")
        else:
            raise SystemExit("The session of a disabled user still works.")


def end_sessions(url: str, slug: str, owner: Central, inbox: Inbox) -> None:
    """Sign in a second time, list the sessions, end the other one, and sign out."""
    with Central(url, tenant=slug) as elsewhere:
        inbox.sign_in(elsewhere, owner.users.me().email)
        for session in owner.sessions.list_mine():
            print(f"   {session.id} {'(this one)' if session.current else '(the other one)'}")
        print(f"   {owner.sessions.revoke_all_mine().revoked} other session was ended")
        try:
            elsewhere.users.me()
        except UnauthenticatedError:
            print("   and is refused")
        else:
            raise SystemExit("A revoked session still works.")
    owner.auth.sign_out()
    print("   signed out")


def main() -> None:
    """Go through it all."""
    url = os.environ.get("CENTRAL_URL", "http://127.0.0.1:8080")
    slug = f"quick-{secrets.token_hex(4)}"
    email = f"olga@{slug}.example"
    inbox = Inbox(url)
    with Central(url) as operator, Central(url, tenant=slug) as owner:
        print("1. An operator creates a tenant")
        tenant = operator.tenants.create(slug=slug, name="Quick & Co", owner_email=email, owner_name="Olga Owner")
        print(f"   {tenant.slug} ({tenant.id})")
        print("2. Its owner signs in with a mailed code")
        inbox.sign_in(owner, email)
        print(f"3. The owner creates {USERS} users, concurrently")
        asyncio.run(create_users(url, slug, owner))
        print("4. The owner pages through them")
        show_pages(owner)
        print("5. The owner renames one and disables them while they are signed in")
        disable_one(url, slug, owner, inbox)
        print("6. The owner ends sessions and signs out")
        end_sessions(url, slug, owner, inbox)
    print("Done.")


if __name__ == "__main__":
    main()
