from central_server.auth.workflows.send_sign_in_code import SendSignInCodeWorkflow

CORE_WORKFLOWS: tuple[type, ...] = (SendSignInCodeWorkflow,)
