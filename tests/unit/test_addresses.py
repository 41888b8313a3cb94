"""Where an address is, and which addresses are the same."""

import sys
from pathlib import Path
from typing import Any

import pytest

from central_server.infra.addresses import Places, known_address
from central_server.infra.config import Settings, SettingsError
from central_server.parts import make_places
from support.geoip import geoip_file
from support.place import make_settings

_ZURICH = {"city": {"names": {"en": "Zurich"}}, "country": {"iso_code": "CH", "names": {"en": "Switzerland"}}}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("testclient", None),
        ("", None),
        (None, None),
        ("192.0.2.7:443", None),
        ("192.0.2.0/24", None),
        ("1", None),
    ],
)
def test_known_addresses(text: str | None, address: str | None) -> None:
    """One address has one form, and what is none is nothing: the database would refuse it."""
    assert known_address(text) == address


def test_without_a_file_the_place_is_the_address() -> None:
    """Nothing is guessed, and nobody is asked over the network."""
    assert Places().name("192.0.2.7") == "192.0.2.7"
    assert Places().name(None) is None


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (_ZURICH, "Zurich, Switzerland"),
        ({"country": _ZURICH["country"]}, "Switzerland"),
        ({"city": {"names": {"de": "Zürich"}}}, "192.0.2.7"),
        ({"city": "Zurich", "country": {"names": "Switzerland"}}, "192.0.2.7"),
        ({}, "192.0.2.7"),
    ],
)
def test_place_of_a_file(tmp_path: Path, record: dict[str, Any], place: str) -> None:
    """The file names town and country as far as it knows them; an address that it does not know stays an address."""
    path = tmp_path / "city.mmdb"
    path.write_bytes(geoip_file("192.0.2.0/24", record))
    places = Places(path)
    assert places.name("192.0.2.7") == place
    assert places.name("198.51.100.1") == "198.51.100.1"
    assert places.name("2001:db8::7") == "2001:db8::7"


def _settings(path: Path) -> Settings:
    return make_settings("postgresql://central_app@localhost/central", path, geoip_database=path / "city.mmdb")


@pytest.mark.parametrize("content", [None, b"", b"no such format" * 100])
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    """The server says so in one line and does not start."""
    if content is not None:
        (tmp_path / "city.mmdb").write_bytes(content)
    with pytest.raises(SettingsError, match=r"CENTRAL_GEOIP_DATABASE: .*city\.mmdb cannot be read"):
        make_places(_settings(tmp_path))


def test_extra_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the setting is refused with what to install."""
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(SettingsError, match=r"pip install 'central\[geoip\]'"):
        make_places(_settings(tmp_path))
