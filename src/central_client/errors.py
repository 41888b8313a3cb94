"""Errors that only a client can meet; all others are those of `central.errors`."""

from central.errors import CentralError


class SettingsError(CentralError):
    """What the client was given is missing or wrong: no base URL, an unsafe profile file, a malformed option."""

    status = 0
    default_code = "settings"
    title = "Wrong settings"


class UnreadableAnswerError(CentralError):
    """The server accepted the call, and this version of the client cannot read its answer."""

    status = 0
    default_code = "unreadable_answer"
    title = "Unreadable answer"
