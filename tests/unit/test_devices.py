"""What a user agent says of a device."""

from time import perf_counter

import pytest

from central_server.infra.devices import device_of

_KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 (KHTML, like Gecko) Version/18 Safari/605",
            "Safari on Mac OS X",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KHTML} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
            "Edge on Windows",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_KHTML} Chrome/131.0.0.0 Mobile Safari/537.36",
            "Chrome Mobile on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("central-python/0.1.0", "central-python"),
        ("tests", "tests"),
        ("/odd", "Unknown"),
        ("x" * 300, "x" * 40),
        ("", None),
        (None, None),
    ],
)
def test_device(user_agent: str | None, device: str | None) -> None:
    """Programs and systems are named; what the rules do not know, by its own first word, never at length."""
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    "part", ["(", "Mozilla/5.0 ", "a/1;", "\xff", "Android ", "iPhone OS 1_", "; ", "Opera/9.80 ("]
)
def test_hostile_text_takes_no_time(part: str) -> None:
    """The longest text that is kept is read in a moment, whatever it repeats."""
    device_of("warm up")
    texts = [(part * 300)[: 300 - n] for n in range(20)]
    began = perf_counter()
    for text in texts:
        device_of(text)
    assert perf_counter() - began < 0.5
