"""What is archived of jobs: nothing."""

_REASON = "work of the server that does it; its events are archived"
ARCHIVED = ()
LEFT_OUT = dict.fromkeys(("jobs", "job_chunks", "job_row_errors"), _REASON)
