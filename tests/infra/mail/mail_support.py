from typing import Any

from central_server.infra.mail import Mail

SENDER = "Central <no-reply@central.example>"


def mail(**changes: Any) -> Mail:
    fields: dict[str, Any] = {
        "to": "ada@example.com",
        "subject": "Grüße",
        "text": "Your code: 123456 ✓\n",
        "html": "<p>Your code: 123456 ✓</p>\n",
        "message_id": "<event-1@central.example>",
    }
    return Mail(**{**fields, **changes})
