from central.users.models import (
    CountUsersInput,
    CountUsersResponse,
    CreateUserInput,
    DeleteUserInput,
    DisableUserInput,
    EnableUserInput,
    GetManyUsersInput,
    GetManyUsersResponse,
    GetMeInput,
    GetUserByExternalIdInput,
    GetUserInput,
    ListUsersInput,
    ListUsersResponse,
    UpdateUserInput,
    User,
    UserPrivate,
)
from central.users.operations import (
    COUNT_USERS,
    CREATE_USER,
    DELETE_USER,
    DISABLE_USER,
    ENABLE_USER,
    GET_MANY_USERS,
    GET_ME,
    GET_USER,
    GET_USER_BY_EXTERNAL_ID,
    LIST_USERS,
    UPDATE_USER,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.users.directory import UserDirectory
from central_server.users.mapping import user_private_from
from central_server.users.service import UserService


class UserRoutes:
    """Serves the operations on users."""

    def __init__(self, users: UserService, directory: UserDirectory) -> None:
        self.users = users
        self.directory = directory

    @handles(GET_ME)
    async def me(self, input: GetMeInput, actor: Actor) -> UserPrivate:
        """Answer from the session's look-up, which read the user in the same statement."""
        return user_private_from(actor.principal)

    @handles(CREATE_USER)
    async def create(self, input: CreateUserInput, actor: Actor) -> User:
        return await self.users.TX_create_user(input, actor)

    @handles(LIST_USERS)
    async def list(self, input: ListUsersInput, actor: Actor) -> ListUsersResponse:
        return await self.directory.list(input, actor)

    @handles(GET_USER)
    async def get(self, input: GetUserInput, actor: Actor) -> User:
        return await self.users.get(input, actor)

    @handles(GET_USER_BY_EXTERNAL_ID)
    async def get_by_external_id(self, input: GetUserByExternalIdInput, actor: Actor) -> User:
        return await self.directory.get_by_external_id(input, actor)

    @handles(GET_MANY_USERS)
    async def get_many(self, input: GetManyUsersInput, actor: Actor) -> GetManyUsersResponse:
        return await self.directory.get_many(input, actor)

    @handles(COUNT_USERS)
    async def count(self, input: CountUsersInput, actor: Actor) -> CountUsersResponse:
        return await self.directory.count(input, actor)

    @handles(UPDATE_USER)
    async def update(self, input: UpdateUserInput, actor: Actor) -> User:
        return await self.users.TX_update_user(input, actor)

    @handles(DISABLE_USER)
    async def disable(self, input: DisableUserInput, actor: Actor) -> User:
        return await self.users.TX_disable_user(input, actor)

    @handles(ENABLE_USER)
    async def enable(self, input: EnableUserInput, actor: Actor) -> User:
        return await self.users.TX_enable_user(input, actor)

    @handles(DELETE_USER)
    async def delete(self, input: DeleteUserInput, actor: Actor) -> None:
        await self.users.TX_delete_user(input, actor)
