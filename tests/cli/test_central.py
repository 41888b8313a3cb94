"""`central` from outside: as people run it, against the API over a socket."""

import asyncio
import json
import os
import pty
import re
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from central_client import AsyncCentral
from central_client.cli import program
from central_client.profiles import read_profiles, save_profile
from support.pages import PageBrowser
from support.place import Place, Stack
from support.programs import Ended, Running, environment_of, start
from support.served import served
from support.tools import tool_sessions
from support.waiting import until

ROOT = Path(__file__).parents[2]
QUICK_SECONDS = 0.15
SURROUNDINGS = (
    "CI",
    "GITHUB_ACTIONS",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "BROWSER",
)
Start = Callable[..., Coroutine[Any, Any, Running]]
Run = Callable[..., Coroutine[Any, Any, Ended]]


@pytest.fixture(scope="module")
async def url(stack: Stack) -> AsyncIterator[str]:
    """The address of the API."""
    async with served(stack) as address:
        yield address


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The profile file."""
    return tmp_path / "profiles.toml"


@pytest.fixture
def begin(file: Path) -> Start:
    """Start a command in a process of its own."""

    async def begin(*arguments: str, **variables: str) -> Running:
        environment = environment_of(CENTRAL_CONFIG=str(file), **variables)
        return await start("-m", "central_client.cli", *arguments, environment=environment)

    return begin


@pytest.fixture
def run(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command to its end in a thread of this process, which has imported all of it already."""
    for name in (*SURROUNDINGS, *[name for name in os.environ if name.startswith("CENTRAL_")]):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CENTRAL_CONFIG", str(file))

    def invoke(arguments: tuple[str, ...]) -> int:
        with pytest.raises(SystemExit) as ended:
            program.run(arguments)
        return int(ended.value.code or 0)

    async def run(*arguments: str, **variables: str) -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            status = await asyncio.to_thread(invoke, arguments)
        return Ended(status, *capsys.readouterr())

    return run


async def _signed_in(begin: Start, place: Place, url: str, *more: str, **variables: str) -> AsyncCentral:
    """Sign in as a member, who approves it in their browser; gives the member's own client."""
    member = await place.signed_in("member")
    async with await begin("login", "--url", url, "--tenant", place.tenant.slug, *more, **variables) as login:
        await member.auth.approve_device(user_code=await login.code())
        ended = await login.ends()
    assert ended.status == 0, ended.err
    return member


def _mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def _read(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _let_others_read(file: Path) -> None:
    file.chmod(0o644)


async def test_in_and_out(begin: Start, place: Place, url: str, file: Path) -> None:
    """Login saves a session for its owner's eyes alone; whoami shows whose; logout ends it here and there."""

    async def run(*arguments: str) -> Ended:
        async with await begin(*arguments) as running:
            return await running.ends()

    member = await _signed_in(begin, place, url, "--device")
    me = await member.users.me()
    assert _mode_of(file) == 0o600
    saved = read_profiles(file)["default"]
    assert (saved["base_url"], saved["tenant"]) == (url, place.tenant.slug)
    (session,) = await tool_sessions(place)
    assert re.fullmatch(r"central CLI [0-9.]+ on \S.*", session["user_agent"])

    shown = await run("whoami")
    assert shown.status == 0
    fields = dict(line.split("\t") for line in shown.out.splitlines())
    assert (fields["email"], fields["user"], fields["roles"]) == (me.email, me.id, "member")
    assert fields["tenant"] == f"{place.tenant.slug} ({place.tenant.id})"
    assert (fields["server"], fields["session"]) == (url, "profile 'default'")
    about = json.loads((await run("whoami", "--json")).out)
    assert (about["user"]["id"], about["user"]["email"], about["server"]) == (me.id, me.email, url)
    assert (about["tenant"], about["profile"], about["source"]) == (place.tenant.slug, "default", "profile")

    again = await run("login")
    assert (again.status, again.err) == (0, "")
    assert f"Already signed in to {place.tenant.slug} at {url} as {me.email}" in again.out

    out = await run("logout")
    assert (out.status, out.out) == (0, f"Signed out of {place.tenant.slug} at {url}.\n")
    assert read_profiles(file)["default"] == {"base_url": url, "tenant": place.tenant.slug}
    (session,) = await tool_sessions(place)
    assert session["ended_reason"] == "signed_out"
    nobody = await run("whoami")
    assert (nobody.status, nobody.out) == (3, "")
    assert nobody.error_line == f"central: Nobody is signed in to {place.tenant.slug} at {url}: run `central login`."
    assert (await run("logout")).out.startswith("Nobody is signed in")
    for ran in (shown, again, out, nobody):
        assert saved["session"] not in ran.out + ran.err


async def test_over_ssh_a_code_is_shown(begin: Start, place: Place, url: str, file: Path) -> None:
    """Also where there is a display at the other end of it."""
    await _signed_in(begin, place, url, SSH_CONNECTION="10.0.0.1 5 10.0.0.2 22", DISPLAY="localhost:10.0")
    assert "session" in read_profiles(file)["default"]


async def test_in_ci_it_ends_with_what_to_set(run: Run, place: Place, url: str) -> None:
    """At once, in one line; with what it says, the commands work."""
    ended = await run("login", "--url", url, "--tenant", place.tenant.slug, CI="true", DISPLAY=":0")
    assert ended.status == 2
    assert ended.error_line.startswith("central: Nobody signs in interactively in CI (CI is set). Set CENTRAL_SESSION")
    member = await place.signed_in("member")
    assert member.session_token is not None
    variables = {
        "CENTRAL_URL": url,
        "CENTRAL_TENANT": place.tenant.slug,
        "CENTRAL_SESSION": member.session_token.get_secret_value(),
    }
    shown = await run("whoami", CI="true", **variables)
    assert (await member.users.me()).email in shown.out
    assert "CENTRAL_SESSION" in shown.out
    assert "by CENTRAL_SESSION" in (await run("login", CI="true", **variables)).out
    out = await run("logout", CI="true", **variables)
    assert out.error_line == "central: CENTRAL_SESSION is still set, to a session that has ended."
    assert (await run("whoami", CI="true", **variables)).status == 3
    assert "renew it" in (await run("login", CI="true", **variables)).error_line


async def test_a_job_without_anybody(run: Run, place: Place, url: str) -> None:
    """Neither terminal nor display: nobody would see the code."""
    ended = await run("login", "--url", url, "--tenant", place.tenant.slug)
    assert ended.status == 2
    assert "no terminal, notebook or display" in ended.error_line


@pytest.fixture
def browser(tmp_path: Path) -> tuple[str, Path]:
    """A browser that writes down where it was sent: the value of BROWSER, and the file."""
    visited = tmp_path / "visited"
    script = tmp_path / "browser.py"
    script.write_text(f"import sys; open({str(visited)!r}, 'a').write(sys.argv[1] + '\\n')")
    return f"{sys.executable} {script} %s", visited


async def test_the_browser_brings_the_session(
    begin: Start, place: Place, url: str, file: Path, browser: tuple[str, Path]
) -> None:
    """The page that is opened is that of the code; approving there leads back, and the tool goes on."""
    member = await place.signed_in("member")
    command = ("login", "--url", url, "--tenant", place.tenant.slug)
    async with await begin(*command, BROWSER=browser[0]) as login:
        code = await login.code()

        async def opened() -> bool:
            return _read(browser[1]) != ""

        await until(opened)
        assert member.session_token is not None
        async with PageBrowser(place.stack, member.session_token.get_secret_value()) as person:
            leaving = await person.send(await person.open(_read(browser[1])))
        async with httpx.AsyncClient() as http:
            page = await http.get(leaving.refresh or "")
        ended = await login.ends()
    assert (ended.status, page.status_code) == (0, 200), ended.err
    assert "Go back to where you came from" in page.text
    assert _read(browser[1]) == f"http://central.test/t/{place.tenant.slug}/device?code={code}"
    assert "session" in read_profiles(file)["default"]
    assert len(await tool_sessions(place)) == 1
    assert "code=" not in ended.err.replace(f"?code={code}", "")


async def test_a_refusal(begin: Start, place: Place, url: str, file: Path) -> None:
    """Is said in one line, and nothing is saved."""
    member = await place.signed_in("member")
    async with await begin("login", "--url", url, "--tenant", place.tenant.slug, "--device") as login:
        await member.auth.deny_device(user_code=await login.code())
        ended = await login.ends()
    assert ended.status == 1
    assert ended.err.rstrip().splitlines()[-1].startswith("central: The sign-in was refused in the browser. [request ")
    assert read_profiles(file) == {}


async def test_nobody_comes(run: Run, place: Place, url: str) -> None:
    """After the time that was given it ends."""
    command = ("login", "--url", url, "--tenant", place.tenant.slug, "--device", "--timeout", "0.5")
    ended = await run(*command)
    assert ended.status == 1
    assert "central: Nobody approved the sign-in in time; run it again." in ended.err


@pytest.mark.parametrize("way", ["--device", "--browser"])
async def test_ctrl_c(begin: Start, place: Place, url: str, file: Path, way: str) -> None:
    """Ends it at once, without a traceback, and nothing is saved."""
    async with await begin("login", "--url", url, "--tenant", place.tenant.slug, way, BROWSER="true %s") as login:
        await login.code()
        login.interrupt()
        ended = await login.ends()
    assert ended.status == 130
    assert ended.err.rstrip().endswith("central: interrupted")
    assert "Traceback" not in ended.err
    assert read_profiles(file) == {}


async def test_two_tenants(begin: Start, run: Run, place: Place, other_place: Place, url: str, file: Path) -> None:
    """Each has its profile, the first is the default; profiles lists them, and never a session."""
    await _signed_in(begin, place, url, "--device")
    await _signed_in(begin, other_place, url, "--device")
    await _signed_in(begin, other_place, url, "--device", "--fresh", "--profile", "second")
    one, other = place.tenant.slug, other_place.tenant.slug
    listed = await run("profiles")
    assert [line.split("\t") for line in listed.out.splitlines()] == [
        ["profile", "server", "tenant", "session"],
        ["default", url, one, "saved"],
        ["second", url, other, "saved"],
        [other, url, other, "saved"],
    ]
    as_json = json.loads((await run("profiles", "--json")).out)
    assert [(entry["name"], entry["default"]) for entry in as_json["profiles"]] == [
        ("default", True),
        ("second", False),
        (other, False),
    ]
    for values in read_profiles(file).values():
        assert values["session"] not in listed.out + json.dumps(as_json)
    assert one in (await run("whoami")).out
    assert other in (await run("whoami", "--profile", other)).out
    assert other in (await run("whoami", CENTRAL_PROFILE="second")).out
    assert (await run("logout", "--profile", other)).status == 0
    assert [("session" in values) for values in read_profiles(file).values()] == [True, False, True]
    assert (await run("whoami", "--profile", "third")).error_line.startswith("central: There is no profile 'third'")


async def test_signing_in_anew_ends_the_former_session(begin: Start, place: Place, url: str) -> None:
    """As the same person, in the same profile."""
    member = await place.signed_in("member")
    for more in ((), ("--fresh",)):
        command = ("login", "--url", url, "--tenant", place.tenant.slug, "--device", *more)
        async with await begin(*command) as login:
            await member.auth.approve_device(user_code=await login.code())
            assert (await login.ends()).status == 0
    assert [row["ended_reason"] for row in await tool_sessions(place)] == ["signed_in_again", None]


async def test_a_session_that_ended_elsewhere(begin: Start, run: Run, place: Place, url: str, file: Path) -> None:
    """Whoami says so; logout takes it out of the profile all the same; login would renew it."""
    member = await _signed_in(begin, place, url, "--device")
    await member.sessions.revoke_all_mine()
    assert (await run("whoami")).status == 3
    ended = await run("logout")
    assert (ended.status, ended.err) == (0, "")
    assert "session" not in read_profiles(file)["default"]


async def test_a_server_that_is_away(run: Run, file: Path) -> None:
    """Whoami has no answer; logout warns, and takes the session out of the profile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{taken.getsockname()[1]}"
        save_profile(base_url=away, tenant="acme", session="s" * 43, path=file)
        shown = await run("whoami")
        ended = await run("logout")
    assert shown.status == 4
    assert shown.error_line.startswith(f"central: No answer from {away}")
    assert (ended.status, ended.out) == (0, "")
    assert ended.error_line.startswith(
        f"central: No answer from {away}: the session is no longer saved here, but lives"
    )
    assert read_profiles(file) == {"default": {"base_url": away, "tenant": "acme"}}


async def test_an_unsafe_file_is_refused(run: Run, file: Path) -> None:
    """With what to do about it."""
    save_profile(base_url="http://127.0.0.1:1", tenant="acme", session="s", path=file)
    _let_others_read(file)
    for command in ("whoami", "logout", "profiles", "login"):
        ended = await run(command)
        assert (ended.status, f"Run: chmod 600 {file}" in ended.error_line) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nonsense",), "invalid choice"),
        (("login", "--nonsense"), "unrecognized arguments"),
        (("login", "--device", "--browser"), "not allowed with"),
        (("login", "--timeout", "soon"), "number of seconds up to 3600"),
        (("login", "--timeout", "nan"), "number of seconds up to 3600"),
        (("login", "--device"), "No server is named"),
        (("login", "--device", "--url", "nonsense"), "must be like"),
        (("login", "--device", "--url", "http://127.0.0.1:1"), "Which tenant"),
        (("login", "--device", "--url", "http://127.0.0.1:1", "--tenant", "../x"), "no tenant"),
        (("whoami",), "No server is named"),
    ],
)
async def test_what_is_wrong_is_said(run: Run, arguments: tuple[str, ...], words: str) -> None:
    """A wrong argument or setting ends with status 2 and without a traceback."""
    ended = await run(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert words in ended.err
    assert "Traceback" not in ended.err


async def test_what_the_server_refuses_is_said(run: Run, url: str) -> None:
    """With the request's id, to be found in its logs."""
    ended = await run("login", "--device", "--url", url, "--tenant", "no-such-tenant")
    assert ended.status == 1
    assert re.fullmatch(r"central: There is no tenant\b.* \[request \w+\]", ended.error_line)


@pytest.mark.parametrize("plain", [False, True])
async def test_on_a_terminal(place: Place, url: str, file: Path, *, plain: bool) -> None:
    """The code stands out and the time that is left is counted down, unless colours are not wanted."""
    master, slave = pty.openpty()
    variables = {"CENTRAL_CONFIG": str(file), "TERM": "xterm"} | ({"NO_COLOR": "1"} if plain else {})
    command = ["-m", "central_client.cli", "login", "--url", url, "--tenant", place.tenant.slug]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment_of(**variables), stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    shown = ""
    while "Waiting for you" not in shown:
        shown += (await asyncio.to_thread(os.read, master, 4096)).decode()
    code = re.search(r"[B-Z]{4}-[B-Z]{4}", shown)
    assert code is not None
    member = await place.signed_in("member")
    await member.auth.approve_device(user_code=code[0])
    assert await asyncio.wait_for(process.wait(), 30) == 0
    os.close(master)
    assert ("\x1b[1m" in shown) == (not plain)
    assert re.search(r"\(\d+:\d\d; Ctrl-C ends\)", shown)


async def test_help_and_version(run: Run) -> None:
    """Each command explains itself and each of its options; without one, the help is shown."""
    (commands,) = [action for action in program.parser()._actions if action.dest == "==SUPPRESS=="]
    assert commands.choices is not None
    for name, command in dict(commands.choices).items():
        assert command.description
        assert all(action.help for action in command._actions), name
        shown = await run(name, "--help")
        assert (shown.status, shown.err) == (0, "")
        assert "--profile NAME" in shown.out or name == "profiles"
    assert re.fullmatch(r"central \d+\.\d+\.\d+\n", (await run("--version")).out)
    nothing = await run()
    assert nothing.status == 2
    assert "usage: central" in nothing.err


def test_every_command_is_documented() -> None:
    """docs/cli.md names each command."""
    (commands,) = [action for action in program.parser()._actions if action.dest == "==SUPPRESS=="]
    assert commands.choices is not None
    names = re.findall(r"^\| `central ([a-z]+)` \|", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE)
    assert set(names) == set(commands.choices)


def test_the_start_is_quick() -> None:
    """Help is there within 150 ms of work, and imports neither pydantic nor an HTTP library."""
    code = (
        "import sys, time\nfrom central_client.cli.program import run\ntry: run(['--help'])\n"
        "except SystemExit: print(time.process_time(), *sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    environment = environment_of()
    runs = [
        subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stderr.split()
        for _ in range(3)
    ]
    assert not {"pydantic", "httpx", "ulid", "asyncio", "http.server", "central.errors"} & set(runs[0])
    assert min(float(seconds) for seconds, *_ in runs) < QUICK_SECONDS


def test_the_entry_point_is_there() -> None:
    """The package's command is the function that is tested here, and needs nothing but the client's dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, name = project["scripts"]["central"].partition(":")
    assert callable(getattr(import_module(module), name))
    assert {re.split(r"[<>=]", requirement)[0] for requirement in project["dependencies"]} == {
        "httpx",
        "pydantic",
        "python-ulid",
    }


def test_no_part_of_the_server_is_imported() -> None:
    """With every command loaded."""
    code = "import sys; from central_client.cli import commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {name for name in loaded if name.partition(".")[0] in {"central_server", "rich", "typer", "click"}}
