"""A server that is newer than the client: what it adds is kept, and nothing breaks."""

from central.auth_connectors.models import EmailCodeSettings, UnknownAuthConnectorSettings
from central.kernel.unknown import UnknownValue


def test_unknown_fields_are_kept(client, server, bodies):
    """They are in `model_extra` of what they belong to."""
    server.answers_with(bodies.me | {"favouriteColour": "green"})
    assert client.users.me().model_extra == {"favouriteColour": "green"}


def test_unknown_words_are_kept(client, server, bodies):
    """An unknown state or permission is an `UnknownValue`, which is text; roles are any text."""
    server.answers_with(bodies.me | {"state": "dreaming", "roles": ["owner", "wizard"], "permissions": ["x:y"]})
    me = client.users.me()
    assert (me.state, me.roles) == ("dreaming", ["owner", "wizard"])
    assert [type(me.state), *map(type, me.permissions)] == [UnknownValue, UnknownValue]


def test_unknown_kinds_are_kept(client, server, bodies):
    """An unknown kind of connector is read with its fields, beside known ones."""
    saml = {"__type": "SamlSettings", "kind": "saml", "entityId": "e"}
    server.answers_with({"authConnectors": [bodies.connector, bodies.connector | {"settings": saml}], "total": 2})
    known, unknown = client.auth_connectors.list()
    assert isinstance(known.settings, EmailCodeSettings)
    assert isinstance(unknown.settings, UnknownAuthConnectorSettings)
    assert (unknown.kind, unknown.settings.model_extra["entityId"]) == ("saml", "e")


def test_another_success_status_is_a_success(client, server, bodies):
    """200 for 201 is no reason to fail."""
    server.answers_with(bodies.user, 200)
    assert client.users.create(email="a@b.de").display_name == "Ada"
