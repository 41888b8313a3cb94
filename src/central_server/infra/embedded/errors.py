class EmbeddedError(RuntimeError):
    """A local server or process cannot run; the message says why and what to do about it."""
