# ruff: noqa: PLC0415  (what few calls need is loaded by them: the time until the first one counts)

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

from central.images.models import Image
from central.jobs.models import Job
from central.user_exports import operations as exports
from central.user_exports.models import UserExportFormat
from central.user_imports import operations as imports
from central.user_imports.models import OnMissing
from central.users import operations
from central.users.models import UserState
from central_client.call import IO, Async, Call, PagedCall, Resource, Sync
from central_client.progress import bytes_shown, screen_for
from central_client.resources.jobs import Jobs

if TYPE_CHECKING:
    from central_client.downloading import Target
    from central_client.import_rows import RowSource
    from central_client.uploading import Picture


class UserFilters(TypedDict, total=False):
    """Which users: the conditions of `users.list`, of which all that are given must hold."""

    email: str
    external: str
    tag: list[str]
    attribute: list[str]
    connector: str
    state: UserState
    role: str
    signed_in_after: datetime
    signed_in_before: datetime
    text: str


class Users(Resource[IO]):
    """The people of a tenant."""

    me = Call(operations.GET_ME)
    create = Call(operations.CREATE_USER)
    list = PagedCall(operations.LIST_USERS)
    get = Call(operations.GET_USER)
    update = Call(operations.UPDATE_USER)
    disable = Call(operations.DISABLE_USER)
    enable = Call(operations.ENABLE_USER)
    delete = Call(operations.DELETE_USER)
    update_me = Call(operations.UPDATE_ME)
    my_permissions = Call(operations.GET_MY_PERMISSIONS)
    get_by_external_id = Call(operations.GET_USER_BY_EXTERNAL_ID)
    get_many = PagedCall(operations.GET_MANY_USERS)
    count = Call(operations.COUNT_USERS)
    set_tags = Call(operations.SET_TAGS)
    remove_tags = Call(operations.REMOVE_TAGS)
    set_external_id = Call(operations.SET_EXTERNAL_ID)
    remove_external_id = Call(operations.REMOVE_EXTERNAL_ID)
    merge = Call(operations.MERGE_USERS)
    get_attribute_rules = Call(operations.GET_ATTRIBUTE_RULES)
    set_attribute_rules = Call(operations.SET_ATTRIBUTE_RULES)
    impersonate = Call(operations.IMPERSONATE_USER, keeps_session=True)
    set_avatar_image = Call(operations.SET_AVATAR_IMAGE)
    remove_avatar = Call(operations.REMOVE_AVATAR)
    start_import = Call(imports.START_USER_IMPORT)
    add_import_rows = Call(imports.ADD_IMPORT_ROWS)
    run_import = Call(imports.RUN_USER_IMPORT)
    start_export = Call(exports.START_USER_EXPORT)

    @overload
    def set_avatar(
        self: "Users[Sync]",
        picture: "Picture",
        *,
        user: str | None = None,
        timeout: float | None = None,
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Image: ...
    @overload
    def set_avatar(
        self: "Users[Async]",
        picture: "Picture",
        *,
        user: str | None = None,
        timeout: float | None = None,
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Image]: ...
    def set_avatar(
        self,
        picture: "Picture",
        *,
        user: str | None = None,
        timeout: float | None = None,
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Give somebody a picture, oneself when no `user` is given; the picture is given back, for a notebook to show.

        `picture`, `timeout` and `progress` are as for `images.upload`, which this calls, waiting until it is ready.
        Raises what that raises, and `NotFoundError` for others without `users:write`.
        """
        from central_client.uploading import Owner, upload_flow, upload_plans

        owner = Owner(Users.me.plan, Users.set_avatar_image.plan, user)
        shown = bytes_shown(progress, "sent")
        flow = upload_flow(self.caller, upload_plans(), picture, "avatar", tenant, timeout, shown, wait=True)
        return self.caller.run(owner.flow(self.caller, flow, tenant))

    @overload
    def import_users(
        self: "Users[Sync]",
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        match: Literal["email", "external_id"] = "email",
        source: str | None = None,
        on_missing: OnMissing = "ignore",
        disable_limit: int | None = None,
        roles: Sequence[str] = ("member",),
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Job: ...
    @overload
    def import_users(
        self: "Users[Async]",
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        match: Literal["email", "external_id"] = "email",
        source: str | None = None,
        on_missing: OnMissing = "ignore",
        disable_limit: int | None = None,
        roles: Sequence[str] = ("member",),
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Job]: ...
    def import_users(
        self,
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        match: Literal["email", "external_id"] = "email",
        source: str | None = None,
        on_missing: OnMissing = "ignore",
        disable_limit: int | None = None,
        roles: Sequence[str] = ("member",),
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Create and update users from rows, each as `users.create` takes it, as a job that is waited for.

        `rows` are objects, or the path of a `.csv`, `.ndjson` or `.jsonl` file. In a CSV, dots lead inside
        (`external_ids.hr`, `tags.team`), roles are set apart by semicolons, and an empty cell says nothing. The other
        options are those of `users.start_import`; `timeout` and `progress` those of `jobs.wait`. Without `wait`, the
        job that has been queued is given.

        Raises `JobFailedError` when the job fails or is cancelled, `TimeoutError`, `ValueError` for a file that cannot
        be read, and what the operations raise. What is wrong with single rows is told by `jobs.list_row_errors`.
        """
        from central_client.importing import ImportPlans, import_flow

        options = {
            "dry_run": dry_run,
            "all_or_nothing": all_or_nothing,
            "match": match,
            "source": source,
            "on_missing": on_missing,
            "disable_limit": disable_limit,
            "roles": list(roles),
        }
        plans = ImportPlans(
            Users.start_import.plan, Users.add_import_rows.plan, Users.run_import.plan, Jobs.get.plan, Jobs.cancel.plan
        )
        screen = screen_for(progress)
        return self.caller.run(import_flow(self.caller, plans, rows, options, tenant, timeout, screen, wait=wait))

    @overload
    def export_users(
        self: "Users[Sync]",
        *,
        to: "Target",
        format: UserExportFormat = "csv",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
        **filters: Unpack[UserFilters],
    ) -> Job: ...
    @overload
    def export_users(
        self: "Users[Async]",
        *,
        to: "Target",
        format: UserExportFormat = "csv",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
        **filters: Unpack[UserFilters],
    ) -> Coroutine[Any, Any, Job]: ...
    def export_users(
        self,
        *,
        to: "Target",
        format: UserExportFormat = "csv",  # noqa: A002 (what people call it)
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
        **filters: Unpack[UserFilters],
    ) -> Any:
        """Write users into a file, as a job that is waited for, and download it; gives the job.

        `to` is as for `jobs.download`; `filters` are those of `users.list`; `timeout` and `progress` those of
        `jobs.wait`. `import_users` reads the file again, and changes nothing where nothing has changed. Cells that a
        spreadsheet would run have an apostrophe before them.

        Raises `JobFailedError`, `TimeoutError`, and what `users.start_export` and `jobs.download` raise.
        """
        from central_client.exporting import ExportPlans, export_flow

        options = {**filters, "format": format} | ({} if tenant is None else {"tenant": tenant})
        plans = ExportPlans(Users.start_export.plan, Jobs.get.plan)
        return self.caller.run(export_flow(self.caller, plans, options, tenant, to, timeout, screen_for(progress)))
