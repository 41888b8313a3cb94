"""Central in a notebook: open it as one (its cells begin with `# %%`), or run it as a program.

CENTRAL_URL and CENTRAL_TENANT say where to sign in, or the default profile does. The first time a link below the cell
asks you to approve it in your browser; from then on the saved session is used. In a notebook you can as well write
`client = await central_client.login_async()`, and await its calls.
"""

# %% Sign in
import central_client

client = central_client.login(application="Example notebook")
me = client.users.me()
print(f"{me.display_name} <{me.email}>: {', '.join(me.roles)}")

# %% Where you are signed in, this notebook included
for session in client.sessions.list_mine():
    here = "  <- here" if session.current else ""
    print(f"{session.created_at:%Y-%m-%d %H:%M}  {session.user_agent}{here}")
