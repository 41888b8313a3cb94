from central.roles.models import (
    CreateRoleInput,
    DeleteRoleInput,
    GetRoleInput,
    ListRolesInput,
    ListRolesResponse,
    Role,
    UpdateRoleInput,
)
from central.roles.operations import CREATE_ROLE, DELETE_ROLE, GET_ROLE, LIST_ROLES, UPDATE_ROLE
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.roles.service import RoleService


class RoleRoutes:
    """Serves the operations on roles."""

    def __init__(self, roles: RoleService) -> None:
        self.roles = roles

    @handles(CREATE_ROLE)
    async def create(self, input: CreateRoleInput, actor: Actor) -> Role:
        return await self.roles.TX_create_role(input, actor)

    @handles(LIST_ROLES)
    async def list(self, input: ListRolesInput, actor: Actor) -> ListRolesResponse:
        return await self.roles.list(input, actor)

    @handles(GET_ROLE)
    async def get(self, input: GetRoleInput, actor: Actor) -> Role:
        return await self.roles.get(input, actor)

    @handles(UPDATE_ROLE)
    async def update(self, input: UpdateRoleInput, actor: Actor) -> Role:
        return await self.roles.TX_update_role(input, actor)

    @handles(DELETE_ROLE)
    async def delete(self, input: DeleteRoleInput, actor: Actor) -> None:
        await self.roles.TX_delete_role(input, actor)
