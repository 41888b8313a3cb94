"""Key rings in settings: what is read, what is refused, and that no message shows a key."""

import base64
import hashlib
import pickle
import secrets

import pytest

from central_server.infra.vault import KeyRing, SigningKeys, Vault, generate_key

# Fixed, because they stand in the names of tests, which the processes of one run must agree on.
K1, K2 = (base64.urlsafe_b64encode(hashlib.sha256(name).digest()).decode().rstrip("=") for name in (b"1", b"2"))


def test_the_first_key_is_the_primary():
    """The order of the setting is the order of the ring."""
    ring = KeyRing.parse(f"k2:{K2}, k1:{K1}")
    assert (ring.primary.id, ring.ids) == ("k2", ("k2", "k1"))


def test_generated_keys_hold_256_bits_and_differ():
    """A generated key is 32 bytes of base64url that a shell takes unquoted."""
    keys = {generate_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(len(base64.urlsafe_b64decode(key + "=")) == 32 for key in keys)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
def test_both_alphabets_are_read_with_and_without_padding(encode, padded):
    """`openssl rand -base64 32` serves as well as `central-server keys new`."""
    material = b"\xfb\xff\xfe" + secrets.token_bytes(29)
    text = encode(material).decode()
    ring = KeyRing.parse("k1:" + (text if padded else text.rstrip("=")))
    assert ring.primary.material == material


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        (K1, "entry 1 has no ':'"),
        (f"k1:{K1},", "entry 2 has no ':'"),
        (f"k1:{K1},,k2:{K2}", "entry 2 has no ':'"),
        (f"K1:{K1}", "entry 1 has an id"),
        (f":{K1}", "entry 1 has an id"),
        (f"{'a' * 33}:{K1}", "entry 1 has an id"),
        (f"k 1:{K1}", "entry 1 has an id"),
        (f"{K1}:k1", "entry 1 has an id"),
        ("k1:", "entry 1 is not the base64 of 32 bytes"),
        (f"k1:{K1[:-1]}", "entry 1 is not the base64 of 32 bytes"),
        (f"k1:{K1}AA", "entry 1 is not the base64 of 32 bytes"),
        (f"k1:{K1[:20]} {K1[20:]}", "entry 1 is not the base64 of 32 bytes"),
        (f"k1:{hashlib.sha256(b'3').hexdigest()}", "entry 1 is not the base64 of 32 bytes"),
        (f"k1:k2:{K1}", "entry 1 is not the base64 of 32 bytes"),
        (f"k1:{K1};k2:{K2}", "entry 1 is not the base64 of 32 bytes"),
        (f"k1:{K1},k1:{K2}", "entries 1 and 2 have the same id"),
        (f"k1:{K1},k2:{K2},k3:{K1}", "entries 1 and 3 hold the same key"),
    ],
)
def test_a_malformed_ring_is_refused_without_showing_keys(text, message):
    """The error names the setting, the entry and the fault, and no eight characters of any key."""
    with pytest.raises(ValueError, match=message) as caught:
        KeyRing.parse(text, "CENTRAL_VAULT_KEYS")
    assert str(caught.value).startswith("CENTRAL_VAULT_KEYS")
    shown = f"{caught.value!r}{caught.value.__cause__!r}"
    assert not any(key[at : at + 8] in shown for key in (K1, K2) for at in range(36))


def test_nothing_prints_or_pickles_a_key():
    """repr, str and format of a ring and of what is made of it show ids alone."""
    ring = KeyRing.parse(f"k2:{K2},k1:{K1}")
    shown = "".join(
        f"{thing!r}{thing!s}{thing}" for thing in (ring, ring.primary, ring.keys, Vault(ring), SigningKeys(ring))
    )
    for key in ring.keys:
        assert key.id in shown
        for leak in (repr(key.material), key.material.hex(), repr(key.material)[2:10]):
            assert leak not in shown
    for thing in (ring, ring.primary):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
