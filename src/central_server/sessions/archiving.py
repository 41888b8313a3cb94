"""What is archived of sessions: nothing."""

ARCHIVED = ()
LEFT_OUT = {"sessions": "a session is of the server that began it"}
