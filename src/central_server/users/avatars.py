from typing import Any

from central.errors import NotFoundError
from central.kernel.ids import ImageId, TenantId, UserId
from central.users.events import UserAvatarChanged
from central.users.models import RemoveAvatarInput, SetAvatarImageInput, User
from central_server.images.service import ImageService
from central_server.infra.actor import SYSTEM, Actor, By
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.users.guard import UserGuard
from central_server.users.mapping import found, user_from
from central_server.users.queries import avatars as queries
from central_server.users.tables import DBUser


class UserAvatars:
    """The pictures of people. What is shown stands in the person's row, so that no list reads another table."""

    def __init__(self, db: Database, outbox: Outbox, guard: UserGuard, images: ImageService) -> None:
        self.db = db
        self.outbox = outbox
        self.guard = guard
        self.images = images

    async def TX_set(self, input: SetAvatarImageInput, actor: Actor) -> User:
        """Give somebody a picture, and delete the one before; `NotFoundError` for others without `users:write`."""
        _check_may_set(input.user, actor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = (await self.guard.lock(input.user, actor, tx)).row
            picture = await self.images.pick(input.image, "avatar", actor, tx)
            if before["avatar"] == picture:
                return user_from(before, actor.tenant_id)
            return await self._replace(before, picture, actor, tx)

    async def TX_remove(self, input: RemoveAvatarInput, actor: Actor) -> User:
        """Take somebody's picture away; who has none is left as they are."""
        _check_may_set(input.user, actor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = (await self.guard.lock(input.user, actor, tx)).row
            if before["avatar"] is None:
                return user_from(before, actor.tenant_id)
            return await self._replace(before, None, actor, tx)

    async def TX_forget(self, tenant: TenantId, image: ImageId) -> None:
        """Take a picture that was deleted from whoever had it."""
        async with self.db.write(tenant) as tx:
            for row in await tx.all(queries.FORGET_AVATAR, of_tenant=tenant, image=image):
                await self._tell(row, tenant, SYSTEM, tx)

    async def _replace(self, before: DBUser, picture: dict[str, Any] | None, actor: Actor, tx: WriteExecutor) -> User:
        which = {"of_tenant": actor.tenant_id, "of_id": before["id"]}
        changed = await tx.first(queries.SET_AVATAR, new_avatar=picture, **which)
        row = found(changed)
        await self.images.delete_replaced(before["avatar"], actor, tx)
        await self._tell(row, actor.tenant_id, actor.by, tx)
        return user_from(row, actor.tenant_id)

    async def _tell(self, row: DBUser, tenant: TenantId, by: By, tx: WriteExecutor) -> None:
        image = None if row["avatar"] is None else ImageId(row["avatar"]["image_id"])
        event = UserAvatarChanged(tenant_id=tenant, user_id=row["id"], image_id=image, version=row["version"])
        await self.outbox.add(event, by, tx)


def _check_may_set(user: UserId, actor: Actor) -> None:
    if user != actor.user_id and "users:write" not in actor.permissions:
        raise NotFoundError.of("user")
