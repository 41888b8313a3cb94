import pytest

from central_server.infra.dns import challenge_name, is_public_suffix, lineage, normalise, parse_server


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("example.com", ["example.com"]),
        ("a.b.example.com", ["a.b.example.com", "b.example.com", "example.com"]),
        ("a.example.co.uk", ["a.example.co.uk", "example.co.uk"]),
        ("co.uk", ["co.uk"]),
        ("a.mine.github.io", ["a.mine.github.io", "mine.github.io"]),
        ("github.io", ["github.io"]),
        ("a.unknown-suffix", ["a.unknown-suffix"]),
        ("a.xn--bcher-kva.example", ["a.xn--bcher-kva.example", "xn--bcher-kva.example"]),
    ],
)
def test_lineage_ends_with_what_was_registered(name: str, names: list[str]) -> None:
    """The names above one go no further than the one that somebody registered."""
    assert lineage(name) == names


@pytest.mark.parametrize("name", ["com", "co.uk", "github.io", "xn--p1ai", "foo.kobe.jp"])
def test_public_suffixes(name: str) -> None:
    """Suffixes of registries, and of those who give names to others, are known, also international ones."""
    assert is_public_suffix(name)
    assert not is_public_suffix(f"mine.{name}")


def test_challenge_stands_at_a_name_of_its_own() -> None:
    """The proof's name is no host's, as its label begins with an underscore (RFC 8552)."""
    assert challenge_name("example.com") == "_central-challenge.example.com"
    with pytest.raises(ValueError, match="not allowed"):
        normalise(challenge_name("example.com"))


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("9.9.9.9", "9.9.9.9:53"),
        ("127.0.0.1:5353", "127.0.0.1:5353"),
        ("2620:fe::fe", "[2620:fe::fe]:53"),
        ("[2620:FE:0::fe]", "[2620:fe::fe]:53"),
        ("[2620:fe::fe]:5353", "[2620:fe::fe]:5353"),
    ],
)
def test_resolvers_are_addresses(text: str, server: str) -> None:
    """A resolver is an IP address with or without a port."""
    assert str(parse_server(text)) == server
    assert parse_server(server) == parse_server(text)


@pytest.mark.parametrize(
    "text",
    ["", "dns.google", "9.9.9.9:", "9.9.9.9:0", "9.9.9.9:65536", "9.9.9.9:x", "9.9.9", "[9.9.9.9", "[::1]x", "::g"],
)
def test_other_texts_are_no_resolvers(text: str) -> None:
    """Anything else is refused, in words that say what is expected."""
    with pytest.raises(ValueError, match="expected a resolver like"):
        parse_server(text)
