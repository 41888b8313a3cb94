"""Local PostgreSQL and Temporal for development and tests, and the processes of `central-server dev`."""
