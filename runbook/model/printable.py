"""Other people's words for a terminal: what would steer it is written out."""


def printable(text: str, *, kept: str = "") -> str:
    """Escape the characters that nobody can print, but for those ``kept``."""
    return "".join(c if c in kept or c.isprintable() else ascii(c)[1:-1] for c in text)
