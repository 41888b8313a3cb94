"""What is archived of pictures: those that are ready. Their files are a part of the archive by themselves."""

from central_server.images.tables import IMAGES
from central_server.infra.db.archiving import Instead, LeftOut, archived

PICTURES = archived(
    IMAGES,
    LeftOut(
        state="all of them are ready",
        error_code="the same",
        staged_until="files that were sent, and are not shown, are in no archive",
    ),
    instead=Instead(state="ready"),
    only=IMAGES.c.state == "ready",
)
ARCHIVED = (PICTURES,)
LEFT_OUT: dict[str, str] = {}
