# ruff: noqa: PLC0415  (as in `users`)

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, overload

from central.images import operations
from central.images.models import Image, ImageUsage
from central_client.call import IO, Async, Call, PagedCall, Resource, Sync
from central_client.progress import bytes_shown

if TYPE_CHECKING:
    from central_client.uploading import Picture


class Images(Resource[IO]):
    """Pictures in a tenant."""

    create_upload = Call(operations.CREATE_IMAGE_UPLOAD)
    complete_upload = Call(operations.COMPLETE_IMAGE_UPLOAD)
    get = Call(operations.GET_IMAGE)
    list = PagedCall(operations.LIST_IMAGES)
    delete = Call(operations.DELETE_IMAGE)

    @overload
    def upload(
        self: "Images[Sync]",
        picture: "Picture",
        *,
        usage: ImageUsage,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Image: ...
    @overload
    def upload(
        self: "Images[Async]",
        picture: "Picture",
        *,
        usage: ImageUsage,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Image]: ...
    def upload(
        self,
        picture: "Picture",
        *,
        usage: ImageUsage,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Hand a picture over and wait until it is ready; a notebook shows what is given.

        `picture` is a path, the bytes of a file, or a file that is open. `timeout` is in seconds. With `progress`, a
        line on standard error shows how much was sent; a function is called with the bytes that went and those that
        there are. Without `wait`, the picture is given that is still to be made.

        Raises `ValueError` for a file that is no picture at all, `JobFailedError` for one that the server could not
        read or does not take (`job.error` says why), `TimeoutError`, and what the operations raise.
        """
        from central_client.uploading import upload_flow, upload_plans

        shown = bytes_shown(progress, "sent")
        return self.caller.run(
            upload_flow(self.caller, upload_plans(), picture, usage, tenant, timeout, shown, wait=wait)
        )
