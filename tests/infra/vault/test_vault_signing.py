"""Signatures hold for one purpose and under every key of the ring."""

import pytest

from central_server.infra.vault import KeyRing, SigningKeys, generate_key

K1, K2 = generate_key(), generate_key()
OLD = SigningKeys.parse(f"k1:{K1}")
BOTH = SigningKeys.parse(f"k2:{K2},k1:{K1}")


def test_a_signature_verifies_for_its_purpose_and_data():
    """The signature is 32 bytes, the same each time."""
    mac = OLD.sign("email-code", b"signin-1|123456")
    assert len(mac) == 32
    assert mac == OLD.sign("email-code", b"signin-1|123456")
    assert OLD.verify("email-code", b"signin-1|123456", mac)


def test_no_other_purpose_or_data_verifies():
    """A code's signature is no file link's, and one digit more is another code."""
    mac = OLD.sign("email-code", b"123456")
    assert not OLD.verify("file-link", b"123456", mac)
    assert not OLD.verify("email-code", b"123457", mac)
    assert not OLD.verify("email-code", b"", mac)


def test_every_changed_or_missing_byte_is_noticed():
    """Truncated and altered signatures fail, and so do empty ones."""
    mac = OLD.sign("p", b"data")
    for at in range(32):
        changed = bytearray(mac)
        changed[at] ^= 1
        assert not OLD.verify("p", b"data", bytes(changed))
        assert not OLD.verify("p", b"data", mac[:at])


def test_rotation_keeps_old_signatures():
    """A new primary signs; the legacy key still verifies until it is removed."""
    old = OLD.sign("p", b"data")
    new = BOTH.sign("p", b"data")
    assert old != new
    assert BOTH.verify("p", b"data", old)
    assert BOTH.verify("p", b"data", new)
    assert not OLD.verify("p", b"data", new)


@pytest.mark.parametrize("purpose", ["", "Email", "a b", "x" * 65, "-a"])
def test_purposes_are_plain_words(purpose):
    """A purpose is a constant of the code; anything else is a mistake."""
    with pytest.raises(ValueError, match="signing purpose"):
        OLD.sign(purpose, b"")


def test_the_setting_is_named_when_malformed():
    """The message says which setting is wrong."""
    with pytest.raises(ValueError, match="CENTRAL_SIGNING_KEYS"):
        SigningKeys.parse("nonsense")


def test_subkeys_are_not_the_ring_keys():
    """The subkey of a purpose is derived: the plain HMAC under the ring's key is no signature."""
    import hmac

    ring = KeyRing.parse(f"k1:{K1}")
    plain = hmac.digest(ring.primary.material, b"data", "sha256")
    assert not SigningKeys(ring).verify("p", b"data", plain)
