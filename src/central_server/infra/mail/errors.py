from central.errors import CentralError, UnavailableError


class MailRefusedError(CentralError):
    """The mail server will never take this mail: it does not know the address, or refuses what is in it."""

    default_code = "mail_refused"
    title = "Mail refused"


def mail_unavailable(reason: str) -> UnavailableError:
    """Make the error for a mail server that is away, busy or wrongly set up: trying again may help."""
    return UnavailableError(f"The mail server cannot take mail: {reason}", code="mail_unavailable", retry_after=5)
