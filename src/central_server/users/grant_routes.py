from central.roles.models import (
    GrantRoleInput,
    ListRoleGrantsInput,
    ListRoleGrantsResponse,
    RevokeRoleInput,
    RoleGrant,
)
from central.roles.operations import GRANT_ROLE, LIST_ROLE_GRANTS, REVOKE_ROLE
from central.users.models import GetMyPermissionsInput, GetMyPermissionsResponse
from central.users.operations import GET_MY_PERMISSIONS
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.users.grants import RoleGrants


class RoleGrantRoutes:
    """Serves the operations on who may do what."""

    def __init__(self, grants: RoleGrants) -> None:
        self.grants = grants

    @handles(LIST_ROLE_GRANTS)
    async def list(self, input: ListRoleGrantsInput, actor: Actor) -> ListRoleGrantsResponse:
        return await self.grants.list(input, actor)

    @handles(GRANT_ROLE)
    async def grant(self, input: GrantRoleInput, actor: Actor) -> RoleGrant:
        return await self.grants.TX_grant(input, actor)

    @handles(REVOKE_ROLE)
    async def revoke(self, input: RevokeRoleInput, actor: Actor) -> None:
        await self.grants.TX_revoke(input, actor)

    @handles(GET_MY_PERMISSIONS)
    async def my_permissions(self, input: GetMyPermissionsInput, actor: Actor) -> GetMyPermissionsResponse:
        return GetMyPermissionsResponse.model_validate(
            {
                "roles": list(actor.roles),
                "permissions": sorted(actor.permissions),
                "system_permissions": sorted(actor.system_permissions),
            }
        )
