"""What goes of jobs when a tenant is deleted. The jobs go before what they work on: their workers stop with them."""

from central_server.infra.db.erasing import erase
from central_server.jobs.tables import JOB_CHUNKS, JOB_ROW_ERRORS, JOBS

ERASURES = (erase(JOB_ROW_ERRORS), erase(JOB_CHUNKS), erase(JOBS))
