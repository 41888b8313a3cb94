def examples(*lines: str) -> str:
    """Give the end of a help text: commands as one would type them."""
    title = "Example:" if len(lines) == 1 else "Examples:"
    return "\n\n".join([title, *(f"  $ {line}".replace("[", r"\[") for line in lines)])
