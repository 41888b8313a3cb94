"""Where the settings come from, and who may read them."""

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from central_client import Central, SettingsError, save_profile
from central_client.profiles import profile_path, read_profiles
from central_client.settings import Settings, resolve_settings

A, B = "https://a.test", "https://b.test"


def resolved(profile=None, **given):
    settings = resolve_settings(
        Settings.checked(given.get("base_url"), given.get("tenant"), given.get("session")), profile
    )
    return settings.base_url, settings.tenant, settings.session.get_secret_value() if settings.session else None


@pytest.fixture
def environment(monkeypatch):
    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"CENTRAL_{name.upper()}", value)

    return put


def test_arguments_go_before_the_environment_before_a_profile(environment):
    """Each value comes from the first source that has it."""
    save_profile("work", base_url=A, tenant="acme", session="p")
    assert resolved("work") == (A, "acme", "p")
    environment(tenant="globex", session="e")
    assert resolved("work") == (A, "globex", "e")
    environment(url=B)
    assert resolved("work", tenant="initech", session="s") == (B, "initech", "s")


def test_the_default_profile_is_read_when_nothing_names_a_server(environment):
    """Once a server is named elsewhere, a file that nobody asked for has no say."""
    save_profile(base_url=A, tenant="acme", session="p")
    assert resolved() == (A, "acme", "p")
    assert resolved(base_url=B) == (B, None, None)
    assert resolved(base_url=A) == (A, None, None)
    environment(profile="default")
    assert resolved(base_url=A) == (A, "acme", "p")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"base_url": B}, (B, "acme", None)),
        ({"tenant": "globex"}, (A, "globex", None)),
        ({"base_url": A + "/", "tenant": "acme"}, (A, "acme", "p")),
    ],
)
def test_a_session_goes_only_where_its_own_source_says(given, expected):
    """A profile's session never travels to another server, nor to another tenant."""
    save_profile("work", base_url=A, tenant="acme", session="p")
    assert expected == resolved("work", **given)


def test_a_session_of_the_environment_stays_with_its_server(environment):
    """`CENTRAL_SESSION` belongs to `CENTRAL_URL` and `CENTRAL_TENANT`, where they are set."""
    environment(session="e")
    assert resolved(base_url=A) == (A, None, "e")
    environment(url=A, tenant="acme")
    assert resolved() == (A, "acme", "e")
    assert resolved(base_url=B) == (B, "acme", None)
    assert resolved(tenant="globex") == (A, "globex", None)


def test_no_server_is_a_clear_error_at_the_first_call():
    """The constructor asks for nothing; the call says where a base URL could come from."""
    client = Central(tenant="acme")
    with pytest.raises(SettingsError, match=r"No base URL: .*CENTRAL_URL.*profiles\.toml") as caught:
        client.users.me()
    assert caught.value.code == "base_url_missing"


def test_settings_are_looked_up_at_the_first_call(environment, http_client, server, bodies):
    """What changes before it counts, what changes after it does not."""
    server.answers_with(bodies.me)
    client = Central(http_client=http_client)
    environment(url=A, tenant="acme", session="e")
    client.users.me()
    environment(url=B)
    client.users.me()
    assert [f"{A}/v1/tenants/acme/me"] * 2 == [str(request.url) for request in server.requests]
    assert server.last.headers["cookie"] == "__Host-central_session=e"


@pytest.mark.parametrize(
    "url",
    [
        "central.test",
        "ftp://a.test",
        "https://",
        "https://a.test?x=1",
        "https://a.test#x",
        "https://a.test:99999",
        "https://a.test:0",
        "https://[::1",
        "https://a b.test",
        "https://a.test/\n",
        "https:a.test",
        "http://a\\b",
    ],
)
def test_what_is_no_base_url_is_refused(url):
    """At once, saying what one looks like."""
    with pytest.raises(SettingsError, match="must be like"):
        Central(url)


def test_passwords_in_a_base_url_are_refused_and_not_repeated():
    """They would end in every log."""
    with pytest.raises(SettingsError, match="user name") as caught:
        Central("https://ada:s3cr3t@a.test")
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"max_retries": -1},
        {"max_retry_after": -1},
        {"max_retry_after": float("nan")},
        {"headers": {"bad name": "x"}},
        {"headers": {"x": "a\r\nb"}},
        {"headers": {"x": "ä"}},
        {"headers": {"Cookie": "x"}},
        {"headers": {"Idempotency-Key": "x"}},
    ],
)
def test_options_that_cannot_be_are_refused(client, options):
    """By the constructor and by `with_options` alike."""
    with pytest.raises(SettingsError):
        client.with_options(**options)
    with pytest.raises(SettingsError):
        Central(A, **options)


@pytest.mark.parametrize("key", ["", "a b", "a\n", "ä", "x" * 256])
def test_keys_that_cannot_be_are_refused(client, key):
    """A key is 1 to 255 visible ASCII characters."""
    with pytest.raises(SettingsError):
        client.with_options(idempotency_key=key)


def test_saving_a_profile_keeps_the_others():
    """The file holds what was saved, also what needs quoting."""
    path = save_profile("work", base_url=A, tenant="acme", session=SecretStr('q"\\uote'))
    save_profile("home-2", base_url=B)
    save_profile("work", base_url=A, session=SecretStr('q"\\uote'))
    assert read_profiles(path) == {"work": {"base_url": A, "session": 'q"\\uote'}, "home-2": {"base_url": B}}
    assert path == profile_path()
    assert list(path.parent.iterdir()) == [path]


def test_a_profile_file_is_for_its_owner_alone(monkeypatch, tmp_path):
    """It has mode 0600 from its first byte, in a folder made for it with mode 0700."""
    monkeypatch.setenv("CENTRAL_CONFIG", str(tmp_path / "new" / "profiles.toml"))
    path = save_profile(base_url=A, session="s")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o644])
def test_a_profile_file_that_others_may_read_is_refused(mode):
    """With what to do about it; also when another profile is about to be saved there."""
    path = save_profile(base_url=A, session="s3cr3t")
    path.chmod(mode)
    for attempt in (lambda: Central().users.me(tenant="acme"), lambda: save_profile("x", base_url=B)):
        with pytest.raises(SettingsError, match=f"chmod 600 {path}") as caught:
            attempt()
        assert caught.value.code == "profile_unsafe"
        assert "s3cr3t" not in str(caught.value)


def test_a_failed_save_leaves_the_file_as_it_was(monkeypatch):
    """Nothing half-written stays behind, under no name."""
    path = save_profile(base_url=A)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        save_profile(base_url=B)
    assert read_profiles(path) == {"default": {"base_url": A}}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["not toml", "base_url = 'https://a.test'", "\xff"])
def test_a_file_that_holds_no_profiles_is_refused(text):
    """By name, without its content."""
    path = profile_path()
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match=str(path)):
        resolved()


@pytest.mark.parametrize("name", ["", "a b", "../x", "a\n"])
def test_names_that_no_profile_can_have(name):
    """A name is letters, digits, `-` and `_`."""
    with pytest.raises(SettingsError):
        save_profile(name, base_url=A)


def test_a_profile_that_was_named_must_be_there():
    """A typing error in its name is not the default profile."""
    save_profile(base_url=A)
    with pytest.raises(SettingsError, match="no profile 'wrok'") as caught:
        resolved("wrok")
    assert caught.value.code == "profile_missing"


def test_the_file_is_in_the_home_unless_it_is_named(monkeypatch, tmp_path):
    """`~/.config/central/profiles.toml`, or `CENTRAL_CONFIG`."""
    assert tmp_path / "profiles.toml" == profile_path()
    monkeypatch.delenv("CENTRAL_CONFIG")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    assert Path("/home/ada/.config/central/profiles.toml") == profile_path()
