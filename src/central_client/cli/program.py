"""The program: which commands there are, and how they end. What a command needs is imported when it runs."""

# ruff: noqa: PLC0415

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Any, NoReturn

_LONGEST_WAIT = 3600
OK, FAILED, MISUSED, NOT_SIGNED_IN, NO_ANSWER, INTERRUPTED = 0, 1, 2, 3, 4, 130

_ABOUT = "Sign in to Central, and out again. Programs that use central_client then find the session by themselves."
_STATUSES = (
    "exit status: 0 done, 1 refused or failed, 2 wrong argument or setting, 3 not signed in, 4 no answer from the "
    "server, 130 ended by Ctrl-C"
)


def parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    program = argparse.ArgumentParser(prog="central", description=_ABOUT, epilog=_STATUSES, allow_abbrev=False)
    program.add_argument("--version", action="store_true", help="show the version and exit")
    commands = program.add_subparsers(title="commands", metavar="COMMAND")
    _add_login(
        _command(commands, "login", "sign in with a browser, and save the session", "central login --tenant acme")
    )
    _command(commands, "logout", "end the session here and on the server", "central logout --profile work")
    whoami = _command(commands, "whoami", "show who is signed in, and where", "central whoami --json | jq .user.email")
    _add_json(whoami)
    profiles = commands.add_parser(
        "profiles",
        help="list the saved profiles",
        description="List the saved profiles. Without --profile, CENTRAL_PROFILE or CENTRAL_URL the one called "
        "`default` is used.",
        allow_abbrev=False,
    )
    profiles.set_defaults(command="profiles", profile=None)
    _add_json(profiles)
    return program


def _command(commands: Any, name: str, about: str, example: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"example: {example}",
        allow_abbrev=False,
    )
    made.add_argument("--profile", metavar="NAME", help="the profile to use; else CENTRAL_PROFILE, or the default one")
    made.set_defaults(command=name)
    return made


def _add_login(login: argparse.ArgumentParser) -> None:
    login.add_argument("--url", metavar="URL", help="the server; else CENTRAL_URL, or that of the profile")
    login.add_argument(
        "--tenant", metavar="TENANT", help="the tenant's slug or id; else CENTRAL_TENANT, or the profile's"
    )
    way = login.add_mutually_exclusive_group()
    way.add_argument(
        "--device",
        dest="how",
        action="store_const",
        const="device",
        help="show a code to enter in any browser, on any machine",
    )
    way.add_argument(
        "--browser", dest="how", action="store_const", const="loopback", help="open the browser of this machine"
    )
    login.add_argument("--fresh", action="store_true", help="sign in again although there is a session")
    login.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=600.0, help="how long to wait for you (default: 600)"
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"expected a number of seconds up to {_LONGEST_WAIT}")
    return seconds


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its status; what a person can mend ends in one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot write a name shows it as well as it can
    given = parser().parse_args(arguments)
    try:
        sys.exit(_perform(given))
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def _perform(given: argparse.Namespace) -> int:
    if given.version:
        from importlib.metadata import version

        sys.stdout.write(f"central {version('central')}\n")
        return OK
    if "command" not in given:
        parser().print_help(sys.stderr)
        return MISUSED
    from central_client.cli import commands, failures

    command: Callable[[argparse.Namespace], int] = getattr(commands, given.command)
    try:
        status = command(given)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except Exception as error:
        failure = failures.explain(error)
        if failure is None:
            raise
        _say(failure.line)
        return failure.status
    return status


def _say(line: str) -> None:
    sys.stderr.write(f"central: {line}\n")
