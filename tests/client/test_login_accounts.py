"""Which server, tenant and session a sign-in is for, and in which profile it is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from central_client import SettingsError, save_profile
from central_client.accounts import find_account
from central_client.profiles import forget_session, profile_path, read_profiles
from central_client.settings import Settings

A, B = "https://a.test", "https://b.test"


def found(base_url=None, tenant=None, session=None, profile=None):
    account = find_account(Settings.checked(base_url, tenant, session), profile)
    token = account.session.get_secret_value() if account.session else None
    return account.base_url, account.tenant, token, account.source, account.profile


@pytest.fixture
def variables(monkeypatch):
    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"CENTRAL_{name.upper()}", value)

    return put


def test_the_first_account_is_the_default(variables):
    """What is given, without any profile yet."""
    assert found(A, "acme") == (A, "acme", None, None, "default")
    variables(url=A, tenant="acme", session="e")
    assert found() == (A, "acme", "e", "environment", "default")
    assert found(session="g") == (A, "acme", "g", "arguments", "default")


def test_a_saved_session_is_found_for_its_server_and_tenant(variables):
    """By the default profile, or by whichever profile is for them; also when the environment names them."""
    save_profile(base_url=A, tenant="acme", session="s1")
    save_profile("other", base_url=f"{A}/", tenant="globex", session="s2")
    assert found() == (A, "acme", "s1", "profile", "default")
    assert found(tenant="acme") == (A, "acme", "s1", "profile", "default")
    assert found(tenant="globex") == (A, "globex", "s2", "profile", "other")
    variables(url=A, tenant="globex")
    assert found() == (A, "globex", "s2", "profile", "other")


def test_the_environment_goes_before_a_saved_session(variables):
    """But for a profile that is named by an argument, which means that one."""
    save_profile("work", base_url=A, tenant="acme", session="s")
    variables(url=B, tenant="globex", session="e")
    assert found() == (B, "globex", "e", "environment", "default")
    assert found(profile="work") == (A, "acme", "s", "profile", "work")
    variables(profile="work")
    assert found() == (B, "globex", "e", "environment", "work")
    variables(url="", tenant="", session="anywhere's")
    assert found() == (A, "acme", "anywhere's", "environment", "work")
    assert found(profile="work") == (A, "acme", "s", "profile", "work")


def test_a_session_goes_nowhere_else(variables):
    """Neither to another server, nor to another tenant, than its own source names."""
    save_profile("work", base_url=A, tenant="acme", session="s")
    assert found(B, "acme", profile="work") == (B, "acme", None, None, "work")
    assert found(A, "globex", profile="work") == (A, "globex", None, None, "work")
    variables(url=A, tenant="acme", session="e")
    assert found(B, "acme") == (B, "acme", None, None, "default")
    assert found(tenant="globex") == (A, "globex", None, None, "default")


def test_a_tenant_is_that_of_its_server():
    """The default profile's tenant says nothing about another server."""
    save_profile(base_url=A, tenant="acme")
    assert found(B) == (B, None, None, None, "central")


def test_the_default_profile_is_not_written_over_by_another_account():
    """A second account gets a profile named after its tenant, and finds it again."""
    save_profile(base_url=A, tenant="acme", session="s")
    assert found(A, "globex")[4] == "globex"
    save_profile("globex", base_url=A, tenant="globex")
    assert found(A, "globex")[4] == "globex"
    assert found(B, "globex")[4] == "globex-2"
    assert found(B, "tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN")[4] == "tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN"
    assert found(B, "a.b~c")[4] == "a-b-c"
    assert found(A, "globex", profile="default") == (A, "globex", None, None, "default")


def test_no_server_is_named():
    """With where one can be named; a profile that is to be made need not be there, one that is used must."""
    with pytest.raises(SettingsError, match=r"CENTRAL_URL.*profiles\.toml") as caught:
        found()
    assert caught.value.code == "base_url_missing"
    assert found(A, "acme", profile="new")[4] == "new"
    with pytest.raises(SettingsError, match="no profile 'new'"):
        find_account(Settings(), "new", must_exist=True)


def test_a_session_is_forgotten_and_nothing_else():
    """In every profile that has it; server, tenant and other sessions stay."""
    save_profile(base_url=A, tenant="acme", session="s")
    save_profile("same", base_url=A, tenant="acme", session="s")
    save_profile("other", base_url=B, session="t")
    assert forget_session("s") == ["default", "same"]
    assert read_profiles(profile_path()) == {
        "default": {"base_url": A, "tenant": "acme"},
        "same": {"base_url": A, "tenant": "acme"},
        "other": {"base_url": B, "session": "t"},
    }
    assert forget_session("s") == []


def test_nothing_is_lost_when_processes_save_at_the_same_time():
    """Four of them, fifteen profiles each, and all sixty are there."""
    code = (
        "import sys; from central_client import save_profile\n"
        "for n in range(15): save_profile(f'p{sys.argv[1]}-{n}', base_url='https://a.test')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert len(read_profiles(profile_path())) == 60
    assert list(profile_path().parent.iterdir()) == [profile_path()]


def test_where_windows_keeps_it(monkeypatch):
    """In the roaming folder of the user, unless a variable names another file."""
    monkeypatch.delenv("CENTRAL_CONFIG")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("APPDATA", os.path.join("C:", "Users", "ada", "AppData", "Roaming"))  # noqa: PTH118 (as Windows gives it)
    assert profile_path() == Path("C:", "Users", "ada", "AppData", "Roaming", "central", "profiles.toml")
