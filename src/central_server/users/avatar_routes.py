from central.users.models import RemoveAvatarInput, SetAvatarImageInput, User
from central.users.operations import REMOVE_AVATAR, SET_AVATAR_IMAGE, SHOW_INITIALS
from central_server.images.links import SHOWN_HEADERS
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles, serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.users.avatars import UserAvatars
from central_server.users.initials import draw_initials


class UserAvatarRoutes:
    """Serves the pictures of people."""

    def __init__(self, avatars: UserAvatars) -> None:
        self.avatars = avatars

    @handles(SET_AVATAR_IMAGE)
    async def set_image(self, input: SetAvatarImageInput, actor: Actor) -> User:
        return await self.avatars.TX_set(input, actor)

    @handles(REMOVE_AVATAR)
    async def remove(self, input: RemoveAvatarInput, actor: Actor) -> User:
        return await self.avatars.TX_remove(input, actor)

    @serves(SHOW_INITIALS)
    async def initials(self, request: BrowserRequest) -> BrowserResponse:
        drawn = draw_initials(request.path["letters"], request.path["hue"])
        return BrowserResponse(200, drawn, "image/svg+xml", headers=SHOWN_HEADERS)
