"""What is run on the code: `nox -s tests`, `nox -s lint types imports`, `nox -s bench`, `nox -l` for all."""

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.sessions = ["lint", "types", "imports", "tests"]
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "uv|virtualenv"

PYTHONS = ["3.11", "3.12", "3.13"]

PROOF = [
    "tests/contract/test_places_of_ids.py",
    "tests/http/test_cross_tenant.py",
    "tests/http/test_walls.py",
    "tests/http/test_row_level_security.py",
    "tests/races",
    "tests/auth/test_ways_in.py",
    "tests/auth/test_oidc_linking.py",
    "tests/auth/test_oidc_callback.py",
    "tests/auth/test_oidc_mix_up.py",
    "tests/infra/oidc",
]

STORES = [
    "tests/infra/object_store",
    "tests/images/test_presigned_uploads.py",
    "tests/images/test_presigned_elsewhere.py",
]
AZURITE = "azurite@3.35.0"


def install(session: nox.Session) -> None:
    # Hundreds of processes are started: kept bytecode halves what each imports, and some environments forbid it.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    session.install("-c", "constraints.txt", "-e", ".[server,embedded,dev]")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the whole suite on the Python that runs nox."""
    install(session)
    session.run("pytest", "-n", "3", "--dist", "worksteal", *session.posargs)


@nox.session(python=PYTHONS)
def tests_on(session: nox.Session) -> None:
    """Run the whole suite on every supported Python that is present."""
    install(session)
    session.run("pytest", "-n", "2", "--dist", "worksteal", *session.posargs)


@nox.session
def proof(session: nox.Session) -> None:
    """Run what `docs/security-proof.md` is about, with ten rounds of each race, and print the counts."""
    install(session)
    rounds = session.env.get("CENTRAL_PROOF_ROUNDS", "10")
    session.run(
        "pytest",
        "-n",
        "2",
        "-q",
        "-m",
        "endurance or not endurance",
        *PROOF,
        *session.posargs,
        env={"CENTRAL_PROOF_ROUNDS": rounds},
    )


@nox.session
def endurance(session: nox.Session) -> None:
    """Run what is too long for each change: more of what is killed in the middle, and memory with 100,000 people."""
    install(session)
    session.run("pytest", "-m", "endurance", *session.posargs)


@nox.session
def crash(session: nox.Session) -> None:
    """Kill everything while 16 callers work, and look what is stored then (`--operations`, `--seed`)."""
    install(session)
    session.run("python", "-m", "crash", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def browser(session: nox.Session) -> None:
    """Use the hosted pages in a real Chromium, and keep pictures of them (`CENTRAL_SCREENSHOTS`)."""
    chromium = os.environ.get("CENTRAL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        session.error("there is no Chromium: apt-get install chromium, or name one in CENTRAL_CHROMIUM")
    install(session)
    session.env["CENTRAL_CHROMIUM"] = chromium
    session.run("pytest", "-n", "2", "--dist", "worksteal", "tests/browser", *session.posargs)


@nox.session
def stores(session: nox.Session) -> None:
    """Try the object store, and uploads straight to it, on Azure's emulator as well; needs Node.js and npm."""
    if shutil.which("npm") is None:
        session.error("there is no npm: apt-get install npm")
    install(session)
    folder = Path(".nox/azurite").absolute()
    session.run("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", AZURITE, external=True)
    session.env["CENTRAL_AZURITE"] = str(folder / "node_modules/.bin/azurite-blob")
    session.run("pytest", "-n", "2", "--dist", "worksteal", *STORES, *session.posargs)


@nox.session
def checks(session: nox.Session) -> None:
    """Run `lint`, `types` and `imports` in one environment, which is quicker than in three."""
    install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("pyright")
    session.run("lint-imports", "--no-logo")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install("-c", "constraints.txt", "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the source and the public ones that are pinned in `tests/typing`."""
    install(session)
    session.run("mypy")
    session.run("pyright")


@nox.session
def imports(session: nox.Session) -> None:
    """Check which part imports which."""
    install(session)
    session.run("lint-imports", "--no-logo")


@nox.session
def docs(session: nox.Session) -> None:
    """Write the pages that are made from the code: `docs/api.md`."""
    install(session)
    session.run("python", "-m", "central.docs", "docs/api.md")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure Central beside its peers; takes minutes. See `bench/README.md`."""
    session.install("-c", "constraints.txt", "-e", ".[server,embedded,bench]")
    session.run("python", "-m", "bench", *session.posargs)
