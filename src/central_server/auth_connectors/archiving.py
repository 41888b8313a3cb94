"""What is archived of ways in. Their secrets go a way of their own, since they are sealed with this server's keys."""

from central_server.auth_connectors.tables import AUTH_CONNECTORS, CLIENT_SECRETS
from central_server.infra.db.archiving import archived

ARCHIVED = (archived(AUTH_CONNECTORS),)
SECRETS = archived(CLIENT_SECRETS)
"""In a file that is sealed with a passphrase, or in none. Whoever reads or inserts a row opens or seals its secret."""

LEFT_OUT = {"connector_tests": "sign-ins of ten minutes that only try a connector"}
