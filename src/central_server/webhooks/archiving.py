"""Nothing of webhooks is archived."""

_ELSEWHERE = "an endpoint hears of what happens on one server, under secrets that no other one has; make it anew there"
LEFT_OUT = dict.fromkeys(("webhook_endpoints", "webhook_secrets", "webhook_deliveries", "webhook_attempts"), _ELSEWHERE)
