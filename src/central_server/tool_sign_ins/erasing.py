"""What goes of tools when a tenant is deleted."""

from central_server.infra.db.erasing import erase
from central_server.tool_sign_ins.tables import TOOL_SIGN_INS

ERASURES = (erase(TOOL_SIGN_INS),)
