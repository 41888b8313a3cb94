from central.users.models import (
    AttributeRules,
    GetAttributeRulesInput,
    MergeUsersInput,
    MergeUsersResponse,
    RemoveExternalIdInput,
    RemoveTagsInput,
    SetAttributeRulesInput,
    SetExternalIdInput,
    SetTagsInput,
    UpdateMeInput,
    User,
    UserPrivate,
)
from central.users.operations import (
    GET_ATTRIBUTE_RULES,
    MERGE_USERS,
    REMOVE_EXTERNAL_ID,
    REMOVE_TAGS,
    SET_ATTRIBUTE_RULES,
    SET_EXTERNAL_ID,
    SET_TAGS,
    UPDATE_ME,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.users.attributes import UserAttributes
from central_server.users.details import UserDetails
from central_server.users.merging import UserMerging


class UserDetailRoutes:
    """Serves the operations on what describes users."""

    def __init__(self, details: UserDetails, attributes: UserAttributes, merging: UserMerging) -> None:
        self.details = details
        self.attributes = attributes
        self.merging = merging

    @handles(UPDATE_ME)
    async def update_me(self, input: UpdateMeInput, actor: Actor) -> UserPrivate:
        return await self.details.TX_update_me(input, actor)

    @handles(SET_TAGS)
    async def set_tags(self, input: SetTagsInput, actor: Actor) -> User:
        return await self.details.TX_set_tags(input, actor)

    @handles(REMOVE_TAGS)
    async def remove_tags(self, input: RemoveTagsInput, actor: Actor) -> User:
        return await self.details.TX_remove_tags(input, actor)

    @handles(SET_EXTERNAL_ID)
    async def set_external_id(self, input: SetExternalIdInput, actor: Actor) -> User:
        return await self.details.TX_set_external_id(input, actor)

    @handles(REMOVE_EXTERNAL_ID)
    async def remove_external_id(self, input: RemoveExternalIdInput, actor: Actor) -> User:
        return await self.details.TX_remove_external_id(input, actor)

    @handles(MERGE_USERS)
    async def merge(self, input: MergeUsersInput, actor: Actor) -> MergeUsersResponse:
        return await self.merging.TX_merge(input, actor)

    @handles(GET_ATTRIBUTE_RULES)
    async def get_attribute_rules(self, input: GetAttributeRulesInput, actor: Actor) -> AttributeRules:
        return await self.attributes.get(actor)

    @handles(SET_ATTRIBUTE_RULES)
    async def set_attribute_rules(self, input: SetAttributeRulesInput, actor: Actor) -> AttributeRules:
        return await self.attributes.TX_set(input, actor)
