"""Temporal: what may be started (`spec`), by whom (`dispatcher`), over which connection, served by which worker."""
