"""The colours of the page of evidence: every text can be read, light and dark."""

import re
from pathlib import Path

import pytest

from evidence.formats import page_view

_STYLE = Path(page_view.__file__).parent / "page_files" / "style.css"
# WCAG 2.2, 1.4.3: text against what is behind it.
_AA = 4.5


def luminance(colour: str) -> float:
    """Give the relative luminance of ``#rgb`` or ``#rrggbb`` (WCAG 2.2)."""
    digits = colour.removeprefix("#")
    full = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    channels = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_can_be_read_against_what_is_behind_it(scheme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", _STYLE.read_text("utf-8"), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block))
    pairs = [
        (colours[text], colours[behind])
        for text in ("ink", "quiet", "link", "bad", "warn", "good")
        for behind in ("paper", "shade")
    ]
    for text, behind in [*pairs, (colours["on-bad"], colours["bad"])]:
        light, dark = sorted((luminance(text), luminance(behind)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= _AA, (text, behind)
