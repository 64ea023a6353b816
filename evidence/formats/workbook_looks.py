"""How cells of the workbook look: colours that differ in grey, too, and never stand alone."""

from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from evidence.formats.workbook_tables import Cell

# From the worst to the best: dark, mid, light, pale, none. The word is always in the cell.
_DARK = {"bg_color": "#7F1D1D", "font_color": "#FFFFFF", "bold": True}
_MID = {"bg_color": "#B45309", "font_color": "#FFFFFF", "bold": True}
_LIGHT = {"bg_color": "#FDE68A", "font_color": "#000000"}
_PALE = {"bg_color": "#F1F5F9", "font_color": "#334155", "italic": True}
_NONE = {"font_color": "#14532D"}
_WORDS = {
    _DARK["bg_color"]: ("fail", "broken", "failed"),
    _MID["bg_color"]: ("error", "gap", "open", "not tested", "never shown to fire"),
    _LIGHT["bg_color"]: ("waived", "held with exceptions", "kept in part", "not exercisable"),
    _PALE["bg_color"]: ("no_finding", "weak", "not_applicable", "never shown to stay quiet"),
    None: ("pass", "held", "kept", "passed"),
}


class Looks:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        top = {"valign": "top"}
        self.wrapped = book.add_format({**top, "text_wrap": True})
        self.left = book.add_format({**top, "text_wrap": True, "align": "left"})
        self.label = book.add_format({**top, "bold": True})
        self.heading = book.add_format(
            {**top, "bold": True, "text_wrap": True, "bg_color": "#1E293B", "font_color": "#FFFFFF"}
        )
        self._title = book.add_format({**top, "bold": True, "font_size": 16})
        self._section = book.add_format({**top, "bold": True, "font_size": 12, "bottom": 1})
        styles: list[dict[str, Any]] = [_DARK, _MID, _LIGHT, _PALE, _NONE]
        self._words = {
            word: made
            for style in styles
            for made in (book.add_format({**top, **style}),)
            for word in _WORDS[style.get("bg_color")]
        }

    def of_word(self, word: Cell) -> Format | None:
        """Give the look of a verdict, a standing, a state or an outcome; none of any other word."""
        return self._words.get(str(word))

    def of_line(self, kind: str) -> Format:
        """Give the look of a summary line's first cell."""
        return {"title": self._title, "section": self._section}.get(kind, self.label)
