"""The hosted pages: signing in and out in a browser, without an application's help."""

from central.kernel.operation import BrowserRoute

SIGN_IN = BrowserRoute("pages.sign_in", "GET", "/signin", "Sign in by one's address, whichever tenant it belongs to.")
FIND_REALM = BrowserRoute("pages.find_realm", "POST", "/signin", "Go on with an address.", rate="sign_in")
ADDRESS_CODE = BrowserRoute("pages.address_code", "GET", "/signin/code", "Enter the code that was mailed.")
VERIFY_ADDRESS_CODE = BrowserRoute(
    "pages.verify_address_code", "POST", "/signin/code", "Sign in with the mailed code.", rate="code"
)
ASSET = BrowserRoute("pages.asset", "GET", "/signin/assets/{name}", "What the pages are made of.")
TENANT = BrowserRoute("pages.tenant", "GET", "/t/{tenant}", "Sign in to a tenant.")
START_CODE = BrowserRoute("pages.start_code", "POST", "/t/{tenant}", "Have a code and a link mailed.", rate="sign_in")
CODE = BrowserRoute("pages.code", "GET", "/t/{tenant}/code", "Enter the code that was mailed.")
VERIFY_CODE = BrowserRoute(
    "pages.verify_code", "POST", "/t/{tenant}/code", "Sign in with the mailed code.", rate="code"
)
LINK = BrowserRoute("pages.link", "GET", "/t/{tenant}/link/{token}", "A mailed link: shows a button.")
FOLLOW_LINK = BrowserRoute(
    "pages.follow_link", "POST", "/t/{tenant}/link/{token}", "Sign in with the mailed link.", rate="code"
)
DONE = BrowserRoute("pages.done", "GET", "/t/{tenant}/done", "Signed in, with nowhere to return to.")
COLORS = BrowserRoute("pages.colors", "GET", "/t/{tenant}/colors/{name}", "A tenant's colours, as a style sheet.")
TOOL = BrowserRoute(
    "pages.tool", "GET", "/t/{tenant}/device", "See which tool asks to be signed in; approves nothing.", rate="code"
)
DECIDE_TOOL = BrowserRoute("pages.decide_tool", "POST", "/t/{tenant}/device", "Approve or refuse a tool.", rate="code")
CONNECTOR_TEST = BrowserRoute(
    "pages.connector_test", "GET", "/t/{tenant}/connector-tests/{test}", "A test sign-in, before and after."
)
START_CONNECTOR_TEST = BrowserRoute(
    "pages.start_connector_test",
    "POST",
    "/t/{tenant}/connector-tests/{test}",
    "Go on to the provider with a test sign-in.",
    rate="sign_in",
)
INVITATION = BrowserRoute(
    "pages.invitation", "GET", "/invitations/{tenant}/{token}", "A mailed invitation: shows a button.", rate="code"
)
ACCEPT_INVITATION = BrowserRoute(
    "pages.accept_invitation", "POST", "/invitations/{tenant}/{token}", "Accept an invitation.", rate="sign_in"
)
RETURN_TO_INVITATION = BrowserRoute(
    "pages.return_to_invitation", "GET", "/invitations/{tenant}", "Back to the invitation that this browser came from."
)
SIGN_OUT = BrowserRoute("pages.sign_out", "GET", "/signout", "Choose where to sign out; changes nothing.")
END_SESSION = BrowserRoute("pages.end_session", "POST", "/signout", "Sign out.", rate="sign_in")
SIGNED_OUT = BrowserRoute("pages.signed_out", "GET", "/signout/done", "Signed out; providers send the browser here.")

PAGE_ROUTES = (
    SIGN_IN,
    FIND_REALM,
    ADDRESS_CODE,
    VERIFY_ADDRESS_CODE,
    ASSET,
    TENANT,
    START_CODE,
    CODE,
    VERIFY_CODE,
    LINK,
    FOLLOW_LINK,
    DONE,
    COLORS,
    TOOL,
    DECIDE_TOOL,
    CONNECTOR_TEST,
    START_CONNECTOR_TEST,
    INVITATION,
    ACCEPT_INVITATION,
    RETURN_TO_INVITATION,
    SIGN_OUT,
    END_SESSION,
    SIGNED_OUT,
)
