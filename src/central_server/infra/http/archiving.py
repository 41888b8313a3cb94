"""What is archived of kept answers: nothing."""

ARCHIVED = ()
LEFT_OUT = {"idempotency_keys": "answers of this server, for a day"}
