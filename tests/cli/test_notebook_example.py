"""`examples/notebook.py`, run as a notebook runs it: cell by cell, in a process that IPython has the say in."""

from pathlib import Path

from central_client.profiles import read_profiles
from support.place import Place, Stack
from support.programs import Ended, environment_of, start
from support.served import served

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.py"
KERNEL = """
import re, sys
from types import ModuleType, SimpleNamespace

def display(html, *, display_id):
    print(html.data, file=sys.stderr, flush=True)
    return SimpleNamespace(update=lambda newer: display(newer, display_id=display_id))

ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
module.display, module.HTML = display, lambda data: SimpleNamespace(data=data)
sys.modules |= {"IPython": ipython, "IPython.display": module}
names = {"__name__": "__main__"}
for cell in re.split(r"^# %%.*$", open(sys.argv[1]).read(), flags=re.MULTILINE):
    exec(compile(cell, "cell", "exec"), names)
"""


async def test_the_notebook(stack: Stack, place: Place, tmp_path: Path) -> None:
    """The first run shows a link and waits for its owner, the second one finds the session."""
    profiles = tmp_path / "profiles.toml"
    member = await place.signed_in("member")
    me = await member.users.me()
    ended: list[Ended] = []
    async with served(stack) as url:
        variables = {"CENTRAL_URL": url, "CENTRAL_TENANT": place.tenant.slug, "CENTRAL_CONFIG": str(profiles)}
        environment = environment_of(**variables)
        async with await start("-c", KERNEL, str(NOTEBOOK), environment=environment) as notebook:
            code = await notebook.code()
            await member.auth.approve_device(user_code=code)
            ended.append(await notebook.ends())
        async with await start("-c", KERNEL, str(NOTEBOOK), environment=environment) as notebook:
            ended.append(await notebook.ends())
    first, second = ended
    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert f'href="http://central.test/t/{place.tenant.slug}/device?code={code}"' in first.err
    assert f"<p>Signed in as {me.email}.</p>" in first.err
    assert second.err == ""
    for run in ended:
        assert f"{me.display_name} <{me.email}>: member" in run.out
        (here,) = [line for line in run.out.splitlines() if line.endswith("<- here")]
        assert "Example notebook" in here
    assert "session" in read_profiles(profiles)["default"]
