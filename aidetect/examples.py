"""Examples at the foot of a command's help, in Markdown; a test parses each as typer would."""


def examples(*shown: tuple[str, str]) -> str:
    """Return the epilog of a command.

    Parameters
    ----------
    shown
        Pairs of a command line and what it does, in a few words.
    """
    return "\n\n".join(["**Examples**", *(f"- `{line}` {does}" for line, does in shown)])
