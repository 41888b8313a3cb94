"""The command line `central-server`: every process of the server, and what its operators do by hand."""


def main() -> None:
    """Run the command that the arguments name, and exit with its status."""
    from central_server.cli.program import run  # noqa: PLC0415 (importing the package stays free)

    run()
