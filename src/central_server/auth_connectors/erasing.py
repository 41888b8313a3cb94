"""What goes of ways in when a tenant is deleted, with their secrets."""

from central_server.auth_connectors.tables import AUTH_CONNECTORS, CLIENT_SECRETS, CONNECTOR_TESTS
from central_server.infra.db.erasing import erase

ERASURES = (erase(CONNECTOR_TESTS), erase(CLIENT_SECRETS), erase(AUTH_CONNECTORS))
