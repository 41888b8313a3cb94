from typing import Literal

from central.images.models import ImageReason
from central.jobs.events import JobRequested
from central.kernel.events import Event
from central.kernel.ids import ImageId
from central.kernel.unknown import UnknownValue


class ImageProcessingRequested(JobRequested):
    """The file of a picture is there, and renditions are to be made."""

    kind: Literal["image.processing_requested"] = "image.processing_requested"


class ImageReady(Event):
    """The renditions of a picture are there."""

    kind: Literal["image.ready"] = "image.ready"
    image_id: ImageId


class ImageFailed(Event):
    """A file did not become a picture."""

    kind: Literal["image.failed"] = "image.failed"
    image_id: ImageId
    reason: ImageReason | UnknownValue


class ImageDeleted(Event):
    """A picture was deleted, with all its renditions."""

    kind: Literal["image.deleted"] = "image.deleted"
    image_id: ImageId
