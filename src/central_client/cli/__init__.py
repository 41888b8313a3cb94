"""The command line `central`: signing in and out, and who is signed in. It needs nothing but the client."""


def main() -> None:
    """Run the command that the arguments name, and exit with its status."""
    from central_client.cli.program import run  # noqa: PLC0415 (importing the package stays free)

    run()
