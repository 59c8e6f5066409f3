"""Text that others wrote, made fit for a terminal: shown, never obeyed."""


def printable(text: str) -> str:
    """Return a key or message with control characters shown, not obeyed: keys are hostile."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def printable_lines(text: str) -> str:
    """Return a message of ours that may quote others, its own line breaks kept."""
    return "\n".join(printable(line) for line in text.split("\n"))
