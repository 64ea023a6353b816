"""A page's HTML as tests read it, strictly: what is opened is closed, in order."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "br", "input", "link", "img", "hr"}
_BLOCKS = {"p", "ul", "ol", "dl", "table", "div", "section", "article", "details", "h2", "h3", "h4"}


@dataclass(slots=True)
class Element:
    """A start tag, the text below it, and the elements that it stands in, outermost first."""

    tag: str
    attributes: dict[str, str]
    within: tuple["Element", ...]
    text: str = ""


@dataclass(slots=True)
class ReadPage:
    """All elements in their order, and what is wrong with how they are nested."""

    elements: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def of(self, tag: str) -> list[Element]:
        """List the elements of a tag."""
        return [element for element in self.elements if element.tag == tag]

    def below(self, id_: str) -> str:
        """Give the text of the element of an id."""
        (element,) = [each for each in self.elements if each.attributes.get("id") == id_]
        return " ".join(element.text.split())

    def section(self, heading: str) -> str:
        """Give the text of the section that the heading of this id names."""
        (element,) = [
            each for each in self.of("section") if each.attributes.get("aria-labelledby") == heading
        ]
        return " ".join(element.text.split())


def read(page: bytes) -> ReadPage:
    """Read a page; ``faults`` is empty where all is well."""
    reader = _Reader()
    reader.feed(page.decode("utf-8"))
    reader.close()
    reader.read.faults += [f"<{element.tag}> is never closed" for element in reader.open]
    return reader.read


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read = ReadPage()
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.read.faults.append(f"<{tag}> has an attribute twice: {names}")
        if tag in _BLOCKS and any(element.tag == "p" for element in self.open):
            self.read.faults.append(f"<{tag}> stands in a paragraph, line {self.getpos()[0]}")
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.open))
        self.read.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1].tag != tag:
            inside = self.open[-1].tag if self.open else "nothing"
            self.read.faults.append(f"</{tag}> closes {inside}, line {self.getpos()[0]}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
