"""`client.images.upload`: all the steps in one call."""

import io
from pathlib import Path

import pytest

from central_client import JobFailedError
from support.exporting import while_working
from support.hostile_pictures import REFUSED, photo
from support.picturing import unlike_others
from support.place import Place


async def test_a_path_bytes_or_a_file(place: Place, tmp_path: Path) -> None:
    """A path, bytes or an open file: it comes back ready, and shows itself in a notebook."""
    path = tmp_path / "me.jpg"
    path.write_bytes(photo(100, 80))
    for picture in (path, str(path), photo(100, 80, "WEBP"), io.BytesIO(photo(100, 80, "AVIF"))):
        image = await while_working(place, place.owner.images.upload(picture, usage="logo"))
        assert (image.state, image.width, image.height) == ("ready", 100, 80)
        shown = image._repr_html_()
        assert shown is not None
        assert shown.startswith('<img src="http://central.test/pictures/')


async def test_progress(place: Place) -> None:
    """Somebody who waits is told how much has gone."""
    content, told = photo(600, 400, "PNG"), list[tuple[int, int]]()
    await place.owner.images.upload(content, usage="logo", wait=False, progress=lambda *how: told.append(how))
    assert len(told) > 3
    assert told[-1] == (len(content), len(content))
    assert told == sorted(told)


async def test_what_is_no_picture(place: Place) -> None:
    """What is no picture at all is not sent, and what the server cannot read says why."""
    with pytest.raises(ValueError, match="no JPEG"):
        await place.owner.images.upload(b"<svg/>", usage="logo")
    assert [one async for one in place.owner.images.list()] == []
    with pytest.raises(JobFailedError) as failed:
        await while_working(place, place.owner.images.upload(REFUSED["half a JPEG"][0](), usage="logo"))
    assert failed.value.job.error is not None
    assert failed.value.job.error.code == "broken"


async def test_no_session_goes_with_the_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file goes, the session does not: it may be somebody else's server."""
    seen: list[bytes] = []

    async def listen(self, at, token, content):
        seen.append(b"sent")
        async for _ in content:
            pass

    from central_server.infra.http.cookies import CookieNames

    real = CookieNames.read

    def read(self, header):
        seen.append(header or b"none")
        return real(self, header)

    monkeypatch.setattr("central_server.images.uploads.ImageUploads.receive", listen)
    monkeypatch.setattr(CookieNames, "read", read)
    with pytest.raises(Exception, match="not been sent"):
        await place.owner.images.upload(unlike_others(), usage="avatar", wait=False)
    assert seen[seen.index(b"sent") - 1] == b"none"


def test_a_name_cannot_leave_its_attribute() -> None:
    """What a server says is text to a notebook."""
    from central.images.models import ImageRendition

    rendition = ImageRendition(url='"><script>', content_type="image/webp", width=1, height=1, size=1)
    image = _image(renditions=[rendition])
    assert "<script>" not in (image._repr_html_() or "")
    assert _image(renditions=[])._repr_html_() is None


def _image(**more):
    from datetime import UTC, datetime

    from central.images.models import Image
    from central.kernel.ids import ImageId

    return Image(id=ImageId.new(), usage="logo", state="ready", created_at=datetime.now(UTC), version=1, **more)
