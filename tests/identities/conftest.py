from support.signing_in import provider

__all__ = ["provider"]
