"""What error pages say, in the words of whoever wants to sign in."""

from typing import NamedTuple


class Told(NamedTuple):
    """A heading, a text, and whether trying again can help, and how that is called."""

    heading: str
    text: str
    again: bool = True
    label: str = "Try again"


_ASK = "Ask the people who run this for your organisation; the reference below helps them to find out why."
_INVITER = "Ask whoever invited you"
_CHOOSE = "Try again, and choose another way to sign in."
_TOLD = {
    "tenant_suspended": Told(
        "This organisation is suspended", f"Nobody can sign in to it at present. {_ASK}", again=False
    ),
    "tenant_deleting": Told(
        "This organisation is being deleted", f"Nobody can sign in to it any more. {_ASK}", again=False
    ),
    "tenant_not_found": Told(
        "There is no such sign-in page", "Check the address, or begin from your application.", again=False
    ),
    "path_not_found": Told("There is no such page", "Check the address, or begin from your application."),
    "no_way_in": Told("There is no way to sign in here", f"All of them are switched off. {_ASK}", again=False),
    "email_code_disabled": Told("Codes are no longer mailed here", _CHOOSE),
    "connector_disabled": Told("This way of signing in is switched off", _CHOOSE),
    "auth_connector_not_found": Told("There is no such way of signing in", _CHOOSE),
    "user_disabled": Told("Your account is disabled", _ASK),
    "user_unknown": Told("You have no account here", _ASK),
    "email_not_verified": Told(
        "Your address is not confirmed",
        f"Where you signed in, nobody vouches that the address is yours, which is needed the first time. {_ASK}",
    ),
    "email_taken": Told(
        "Your account is not linked yet",
        f"There is an account with your address, and it does not belong to this way of signing in. {_ASK}",
    ),
    "domain_not_allowed": Told("You cannot sign in here", f"Addresses of your domain are not let in. {_ASK}"),
    "provider_refused": Told(
        "You were not signed in", "Your identity provider did not let you in, or you cancelled. You can try again."
    ),
    "token_refused": Told("You were not signed in", f"Your identity provider's answer could not be trusted. {_ASK}"),
    "not_recent": Told(
        "You were not asked to sign in again",
        "This needs a new sign-in, and your identity provider did not ask you for one. Choose another way.",
    ),
    "sign_in_ended": Told(
        "This sign-in has ended", "A sign-in holds for ten minutes, once, in the browser where it was begun."
    ),
    "link_ended": Told(
        "This link has ended",
        "A link works once, for ten minutes, and no longer after five wrong codes. Have a new mail sent.",
    ),
    "connector_test_not_found": Told(
        "There is no such test",
        "Its link is good once, in one browser. Start another test, and open its link here.",
        again=False,
    ),
    "test_ended": Told(
        "This test has ended", "It was over, or went on in another browser. Start another one.", again=False
    ),
    "too_many_codes": Told(
        "Too many mails were asked for", "Use the newest of them, or wait for a while.", again=False
    ),
    "already_decided": Told(
        "This was decided already",
        "The program was approved or refused before, or its ten minutes are over.",
        again=False,
    ),
    "too_many_tries": Told("Too many wrong codes", "Wait a minute, then enter the code that is shown.", again=False),
    "impersonation_refused": Told(
        "You act as another person here",
        "They alone can let a program act as them.",
        again=False,
    ),
    "invitation_not_found": Told(
        "There is no such invitation",
        "Its link is not complete, or a newer mail has replaced it. Open the link of the newest mail.",
        again=False,
    ),
    "invitation_expired": Told(
        "This invitation has run out", f"{_INVITER} to send another one; its link is a new one.", again=False
    ),
    "invitation_revoked": Told(
        "This invitation was taken back", f"{_INVITER}, if you think that this is a mistake.", again=False
    ),
    "invitation_accepted": Told(
        "This invitation was accepted already",
        "An invitation works once. If it was you who accepted it, sign in.",
        label="Sign in",
    ),
    "inviter_may_not": Told(
        "This invitation does not hold any more",
        f"Whoever sent it may not do so any more. {_ASK}",
        again=False,
    ),
    "role_gone": Told(
        "This invitation has to be made again",
        f"A role that it gives is gone. {_INVITER} to send it anew.",
        again=False,
    ),
    "impersonating": Told(
        "You act as another person here",
        "Nobody accepts an invitation in another's name. Sign out, then open the link again.",
        again=False,
    ),
    "rate_limited": Told("Too many attempts", "Wait a little before you try again.", again=False),
    "form_expired": Told(
        "Please try again", "This page was open for too long, or your browser does not keep cookies for this site."
    ),
    "malformed_form": Told("Please try again", "What came from this page was not complete."),
    "origin_not_allowed": Told("Please try again", "Open this page itself; what another page sends is not taken."),
    "duplicate_cookie": Told(
        "Your browser sent a cookie twice", "Delete the cookies of this site and of its parent, then try again."
    ),
    "return_not_allowed": Told(
        "This application cannot be returned to",
        "The address that it gave is not among those that this server leads to. The application's makers can help.",
        again=False,
    ),
    "validation_failed": Told("Something in this address is wrong", "Begin again from your application."),
    "internal_server_error": Told("Something went wrong", f"It is our fault, and was written down. {_ASK}"),
}


def told(code: str, status: int, message: str) -> Told:
    """Give what is said about an error, by its stable code; else in the error's own words."""
    if (known := _TOLD.get(code)) is not None:
        return known
    if status == 503:
        return Told("This is not available just now", "A part that it needs does not answer. Try again in a moment.")
    return Told("That did not work", message)
