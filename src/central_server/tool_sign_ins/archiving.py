"""What is archived of tools: nothing."""

ARCHIVED = ()
LEFT_OUT = {"tool_sign_ins": "sign-ins of ten minutes"}
