"""Why an expression is refused: where in it, the reason, and what to write instead."""

from runbook.model.refusal import Refusal, RefusedError

# Of the text that an error repeats.
LONGEST = 300


class ExpressionError(RefusedError):
    """An expression that cannot be read or worked out; ``place`` counts characters from 1."""

    def __init__(self, text: str, place: int, message: str, fix: str = "") -> None:
        self.text, self.place, self.message = text, place, message
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        fix = fix or "write it as the User Guide's page on metric math does"
        refusal = Refusal(f"expression, character {place}", message, fix)
        super().__init__(repr(shown), [refusal])
