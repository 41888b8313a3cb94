"""Sealed values open in their own place under a key of the ring, and nowhere else."""

import contextlib
import itertools

import pytest

from central_server.infra.vault import (
    KeyRing,
    SealedValue,
    Vault,
    VaultError,
    associated_data,
    generate_key,
    key_id_of,
)

K1, K2 = generate_key(), generate_key()
OLD = Vault(KeyRing.parse(f"k1:{K1}"))
BOTH = Vault(KeyRing.parse(f"k2:{K2},k1:{K1}"))
NEW = Vault(KeyRing.parse(f"k2:{K2}"))
PLACE = associated_data("tenant-a", "auth_connectors", "client_secret", "row-1")
SECRET = b"correct horse battery staple"


@pytest.mark.parametrize("plaintext", [b"", b"\0", SECRET, bytes(range(256)) * 400])
def test_a_value_opens_in_its_place(plaintext):
    """What was sealed comes back, byte by byte, also from plain `bytes` as a database gives them."""
    sealed = OLD.seal(plaintext, PLACE)
    assert isinstance(sealed, SealedValue)
    assert OLD.open(sealed, PLACE) == OLD.open(bytes(sealed), PLACE) == plaintext


def test_a_sealed_value_shows_neither_the_secret_nor_itself():
    """The ciphertext holds no plaintext, and logs that print the value print its length."""
    sealed = OLD.seal(SECRET, PLACE)
    assert SECRET not in sealed
    assert f"{sealed!r}{sealed!s}" == f"<SealedValue of {len(sealed)} bytes>" * 2


def test_sealing_twice_shares_nothing():
    """Data keys and nonces are fresh: 200 seals of one secret have 200 nonces, wraps and ciphertexts."""
    blobs = [OLD.seal(SECRET, PLACE) for _ in range(200)]
    for part in (slice(4, 16), slice(16, 64), slice(64, 76), slice(76, None)):
        assert len({bytes(blob[part]) for blob in blobs}) == 200


def test_a_value_opens_in_no_other_place():
    """Ciphertexts swapped between tenants, tables, columns and rows do not open: 0 of 100 places but one."""
    opened = []
    tenants, tables = ("tenant-a", "tenant-b", "", "tenant"), ("auth_connectors", "webhooks")
    columns, rows = ("client_secret", "secret", "x"), ("row-1", "row-2", "row-11", "row")
    sealed = OLD.seal(SECRET, PLACE)
    places = ["|".join(parts) for parts in itertools.product(tenants, tables, columns, rows)]
    for place in [*places, PLACE.upper(), PLACE + "|", " " + PLACE, "x"]:
        with contextlib.suppress(VaultError):
            OLD.open(sealed, place)
            opened.append(place)
    assert len(places) + 4 == 100
    assert opened == [PLACE]


def test_every_changed_bit_is_noticed():
    """Each byte of the stored form is authenticated or structural, header, nonces and tags included."""
    sealed = BOTH.seal(SECRET, PLACE)
    for at, bit in itertools.product(range(len(sealed)), (0x01, 0x80)):
        changed = bytearray(sealed)
        changed[at] ^= bit
        with pytest.raises(VaultError):
            BOTH.open(bytes(changed), PLACE)


def test_a_truncated_or_lengthened_value_does_not_open():
    """No prefix of a sealed value opens, nor does one with a byte more."""
    sealed = OLD.seal(SECRET, PLACE)
    for broken in (*(sealed[:length] for length in range(len(sealed))), sealed + b"\0"):
        with pytest.raises(VaultError):
            OLD.open(broken, PLACE)


def test_parts_of_two_values_do_not_combine():
    """The wrapped key of one value does not open the ciphertext of another of the same place."""
    one, two = OLD.seal(b"one", PLACE), OLD.seal(b"two", PLACE)
    with pytest.raises(VaultError):
        OLD.open(one[:64] + two[64:], PLACE)


def test_rotation_rewraps_the_data_key_alone():
    """After `rewrap` the old key may go, and the ciphertext has not moved."""
    sealed = OLD.seal(SECRET, PLACE)
    assert BOTH.open(sealed, PLACE) == SECRET
    assert BOTH.needs_rewrap(sealed)
    assert not sealed.startswith(BOTH.primary_prefix)
    rewrapped = BOTH.rewrap(sealed, PLACE)
    assert (key_id_of(sealed), key_id_of(rewrapped)) == ("k1", "k2")
    assert rewrapped[-len(SECRET) - 28 :] == sealed[-len(SECRET) - 28 :]
    assert rewrapped.startswith(BOTH.primary_prefix)
    assert not BOTH.needs_rewrap(rewrapped)
    assert NEW.open(rewrapped, PLACE) == SECRET


def test_rewrapping_needs_the_right_place_and_a_known_key():
    """Rotation cannot move a value to another row, nor wrap what it cannot unwrap."""
    sealed = OLD.seal(SECRET, PLACE)
    with pytest.raises(VaultError):
        BOTH.rewrap(sealed, PLACE + "0")
    with pytest.raises(VaultError, match="key ring does not hold"):
        NEW.rewrap(sealed, PLACE)


def test_a_key_id_reused_for_another_key_opens_nothing():
    """The id finds a key; only the key itself opens."""
    impostor = Vault(KeyRing.parse(f"k1:{generate_key()}"))
    with pytest.raises(VaultError, match="cannot be opened here"):
        impostor.open(OLD.seal(SECRET, PLACE), PLACE)


@pytest.mark.parametrize(
    "blob", [b"", b"\x01", b"\x01\x00" + bytes(90), b"\x02\x02k1" + bytes(90), b"\x01\xff" + bytes(300)]
)
def test_what_is_no_sealed_value_is_refused(blob):
    """Unknown versions and impossible lengths are a `VaultError`, not an `IndexError`."""
    for read in (key_id_of, lambda value: OLD.open(value, PLACE)):
        with pytest.raises(VaultError):
            read(blob)


def test_errors_hold_no_secret():
    """Messages, causes and contexts are free of plaintext, keys and key ids."""
    with pytest.raises(VaultError) as caught:
        NEW.open(OLD.seal(SECRET, PLACE), PLACE)
    assert not {K1, "k1", SECRET.decode()} & set(str(caught.value).split())
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("part", ["", "a|b", "|", "a\nb", "a\0"])
def test_no_part_of_a_place_can_hold_the_delimiter(place, part):
    """Two places never share a name: ('a|b', 'c') and ('a', 'b|c') are both refused."""
    parts = ["tenant", "table", "column", "row"]
    parts[place] = part
    with pytest.raises(ValueError, match="associated data"):
        associated_data(*parts)


def test_a_value_always_has_a_place():
    """Empty associated data is a mistake of the caller, refused on both ways."""
    for use in (OLD.seal, OLD.open, OLD.rewrap):
        with pytest.raises(ValueError, match="needs associated data"):
            use(b"", "")
