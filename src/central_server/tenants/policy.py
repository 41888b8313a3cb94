"""Which slugs a tenant may have, and in which state it lets people in."""

from central.errors import ForbiddenError, ValidationFailedError

_RESERVED = """
    about account admin administrator api app apps assets auth billing blog callback cdn central client config
    console contact dashboard default demo dev docs domain download email example favicon ftp help home host id
    identity images imap index info internal invite legal localhost login logout mail master me media meta metrics
    name new null oauth official oidc operator ops owner password ping pop postmaster private production profile
    public register reset robots root saml scim security self server service session sessions settings setup shop
    signin signout signup sitemap smtp ssh ssl sso staging static status store superuser support system team temp
    tenant tenants terms test trust undefined unknown update upload user users verify version web webhook webhooks
    webmaster well-known wiki www
"""
RESERVED_SLUGS = frozenset(_RESERVED.split())
_LOOK_ALIKES = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "2": "z"})


def skeleton(slug: str) -> str:
    """Reduce a slug to what it looks like, so that `paypa1` and `pay-pal` count as `paypal`.

    After Unicode UTS 39, "confusable detection", for the few characters that slugs have.
    """
    # Hyphens go first: between the letters of a pair they would hide it.
    return slug.replace("-", "").replace("rn", "m").replace("vv", "w").translate(_LOOK_ALIKES)


_RESERVED_SKELETONS = frozenset(map(skeleton, RESERVED_SLUGS))


def check_slug(slug: str) -> None:
    """Refuse reserved words, what looks like one, and what looks like an id."""
    if skeleton(slug) in _RESERVED_SKELETONS or slug.startswith(("xn--", "tenant-")):
        raise ValidationFailedError.of("slug", f"{slug!r} is reserved; choose another", code="slug_reserved")


def check_active(state: str) -> None:
    """Refuse whoever wants to sign in to a tenant that is not active."""
    if state == "deleting":
        raise ForbiddenError("This tenant is being deleted; ask whoever runs the service.", code="tenant_deleting")
    if state != "active":
        raise ForbiddenError("This tenant is suspended; ask whoever runs the service.", code="tenant_suspended")
