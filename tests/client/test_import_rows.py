"""What an import is read from, and how it is cut into chunks."""

from pathlib import Path

import pytest
from pydantic_core import to_json

from central_client.import_rows import chunks_of, read_source


def test_csv(tmp_path: Path) -> None:
    """Names with dots lead inside, empty cells say nothing, roles are set apart, a mark of the encoding is passed."""
    path = tmp_path / "people.csv"
    path.write_text(
        "email,roles,external_ids.hr,tags.team,display_name\n"
        'a@example.com,"member; admin",1,blue,"Ada, née Byron"\n'
        "b@example.com,,2, ,\n",
        encoding="utf-8-sig",
    )
    assert list(read_source(path)) == [
        {
            "email": "a@example.com",
            "roles": ["member", "admin"],
            "external_ids": {"hr": "1"},
            "tags": {"team": "blue"},
            "display_name": "Ada, née Byron",
        },
        {"email": "b@example.com", "external_ids": {"hr": "2"}},
    ]


def test_ndjson_and_objects(tmp_path: Path) -> None:
    """Each line is an object, and empty ones are passed over; of Python's objects, None says nothing."""
    path = tmp_path / "people.NDJSON"
    path.write_text('{"email": "a@example.com"}\n\n{"email": "b@example.com", "tags": {}}\n', encoding="utf-8")
    assert list(read_source(str(path))) == [{"email": "a@example.com"}, {"email": "b@example.com", "tags": {}}]
    assert list(read_source([{"email": "a@example.com", "locale": None}])) == [{"email": "a@example.com"}]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "email,locale\na@example.com\n", "line 2"),
        ("a.csv", "email\na@example.com,en\n", "line 2"),
        ("a.jsonl", '{}\n{"email": \n', "line 2: this is not JSON"),
        ("a.jsonl", "[]\n", "line 1: expected an object"),
        ("a.xlsx", "", "read from .csv"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str, message: str) -> None:
    """What is wrong with a file is said with its line, and never with what stands there."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as refusal:
        list(read_source(path))
    assert "a@example.com" not in str(refusal.value)


def test_chunks() -> None:
    """A chunk has two hundred rows at most, and a size that the server takes; no row is lost or moved."""
    rows = [{"email": f"{n}@example.com", "attributes": {"note": "x" * (n % 3) * 4000}} for n in range(2500)]
    chunks = list(chunks_of(rows))
    assert [row for chunk in chunks for row in chunk] == rows
    assert max(len(to_json(chunk)) for chunk in chunks) < 900_000
    assert [len(chunk) for chunk in chunks_of({"n": n} for n in range(500))] == [200, 200, 100]
    assert list(chunks_of([])) == []
