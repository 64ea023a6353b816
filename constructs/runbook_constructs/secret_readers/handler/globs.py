"""The wildcards of IAM: ``*`` for any text, ``?`` for one character."""


def fits(pattern: str, text: str) -> bool:
    """Say whether a pattern takes a text, both as they are written.

    It goes back to the last ``*`` only, so no pattern that somebody writes takes long.
    """
    at = here = 0
    star, after = -1, 0
    while here < len(text):
        if pattern[at : at + 1] == "*":
            star, after = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            after += 1
            at, here = star + 1, after
        else:
            return False
    return not pattern[at:].strip("*")


def fits_arn(pattern: str, arn: str) -> bool | None:
    """Compare as ``ArnLike`` does, each of the six parts for itself; None for what is no ARN."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return None
    return all(fits(one, part) for one, part in zip(wanted, given, strict=True))
