"""The page an auditor opens: one HTML file without outside assets, which asks no network.

Style and script are inlined and named by their hashes in the page's own security policy: a script
that came in by a message, a path or a name would not run. Without scripts everything can be read
but the table of all results.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evidence import plain_words
from evidence.formats import evidence_json, page_view
from evidence.formats.embedded_rows import as_json
from evidence.formats.page_view import PageView
from evidence.model import Evidence, Standing, Verdict

_FILES = Path(__file__).parent / "page_files"


def as_bytes(evidence: Evidence) -> bytes:
    """Write the page as UTF-8; the same evidence gives the same bytes (ALL-4)."""
    style = _inlined("style.css", "print.css") + _foot(evidence)
    script = _inlined("filters.js", "controls.js", "results.js")
    view = PageView(evidence)
    # S704: our own files, and JSON in which nothing can end the element.
    page = (
        _templates()
        .get_template("page.html")
        .render(
            evidence=evidence,
            view=view,
            anchors=view.anchors,
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            whole=hashlib.sha256(evidence_json.as_bytes(evidence)).hexdigest(),
            results=Markup(as_json(evidence, view.anchors)),  # noqa: S704
        )
    )
    # Half a surrogate pair, which JSON can hold and UTF-8 cannot, is shown as its escape.
    return page.encode("utf-8", "backslashreplace")


@cache
def _templates() -> Environment:
    """Give what turns our templates into HTML; every text is escaped, nothing unknown is blank."""
    templates = Environment(
        loader=FileSystemLoader(_FILES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"day": plain_words.day, "counted": plain_words.counted}
    templates.globals |= {
        "Verdict": Verdict,
        "Standing": Standing,
        "FILES": plain_words.FILES,
        "words": plain_words,
        **{each.__name__: each for each in page_view.WORDS},
    }
    return templates


def _inlined(*names: str) -> str:
    """Read files as they stand between the tags; the hash is of exactly that."""
    return "".join(f"\n{(_FILES / name).read_text('utf-8')}" for name in names)


def _foot(evidence: Evidence) -> str:
    """Write the style by which each sheet of paper says of what it is; any text is only text."""
    at = plain_words.commit_words(evidence.commit).at(evidence.commit.id[:12])
    told = f"Evidence of {evidence.name}{at}"
    escaped = "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in told)
    return (
        f'@page {{ @bottom-left {{ content: "{escaped}"; font: 8pt system-ui, sans-serif; }} }}\n'
    )


def _policy(style: str, script: str) -> str:
    """Write the content security policy: nothing loads, only this style and this script act."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
