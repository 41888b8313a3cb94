"""Addresses to return to: tricks that lead to another origin, and plain ones that do not (threat 12)."""

from urllib.parse import urlsplit

from support.place import BASE_URL

_HOSTS = (
    "evil.example",
    "evil.example:443",
    "evil.example/central.test",
    "user@evil.example",
    "central.test@evil.example",
)
_PREFIXES = (
    *("//", "///", "////", "/\\", "\\\\", "\\/", "/\t/", "/\n/", "/\r\n/", "\t//", " //", "\u00a0//", "/ /", "/\x00/"),
    *("https:", "https:/", "https://", "https:///", "https:\\\\", "HTTPS://", "hTtP://", "http:", "ftp://", "ws://"),
    *(
        "central.test.",
        "http://central.test.",
        "http://central.test:80@",
        "http://central.test%2f@",
        "http://central.test\\@",
    ),
    *("http://central.test#@", "http://central.test?@", "javascript:", "java\tscript:", "data:text/html,", "vbscript:"),
    *("http:\u2044\u2044", "\u2215\u2215", "\uff0f\uff0f", "http://central.test\u3002", "http://central\u2024test."),
)
_SINGLE = (
    *("http://central.test:8080/", "http://central.test:80/", "https://central.test/", "http://xcentral.test/"),
    *(
        "http://sub.central.test/",
        "http://central.tes",
        "http://central.testx/",
        "http://[::1]/",
        "http://[central.test",
    ),
    *(
        "http://central.test%00.evil.example",
        "http://central.test%2eevil.example/",
        "http://ⓒentral.test/",
        "",
        " ",
        "\\",
    ),
    *(
        "?x=1",
        "#x",
        "app",
        "./app",
        "../app",
        ".//evil.example",
        "@evil.example",
        "*",
        "mailto:a@b.example",
        "about:blank",
    ),
    *(
        "/a\r\nSet-Cookie: x=1",
        "/a\nLocation: //evil.example",
        "/\\evil.example/..",
        "/..\\\\evil.example",
        "/a\\..\\//evil",
    ),
    *("/a b", "/ä", "/\u202e", "/\ud800", "/\x7f", "/\x1f", "http://@central.test/", "http://:@central.test/"),
)
FINE = (
    *(
        "/",
        "/app",
        "/app?next=//evil.example",
        "/app#//evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/.//evil",
    ),
    *(
        "/..//evil.example",
        "/@evil.example",
        "/:80",
        "/app?url=https://evil.example",
        "/%0d%0aSet-Cookie:x",
        "/%09/evil",
    ),
    *(BASE_URL, f"{BASE_URL}/", f"{BASE_URL}/app", f"{BASE_URL}?x", f"{BASE_URL}#x", "HTTP://CENTRAL.test/app"),
)
CORPUS = (*(prefix + host for prefix in _PREFIXES for host in _HOSTS), *_SINGLE, *FINE)


def stays(location: str) -> bool:
    """Tell whether a browser that gets this `Location` stays on the server's own origin, on the safe side."""
    if location.startswith("/"):
        return location[1:2] not in {"/", "\\"} and location.isascii() and location.isprintable()
    parts = urlsplit(location)
    return f"{parts.scheme}://{parts.netloc.lower()}" == BASE_URL and "\\" not in location
