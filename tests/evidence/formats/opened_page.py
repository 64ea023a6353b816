"""Pages of evidence, opened from files in a browser, and what they show."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route

from evidence.formats.page import as_bytes
from evidence.model import Evidence, Row, Verdict
from tests.evidence.samples import evidence, row

Scheme = Literal["light", "dark"]
MANY = 30_000
_BREACHES = """
window.breaches = [];
addEventListener("securitypolicyviolation", (event) =>
  breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


class Opened:
    """Opens pages from files, and gathers whatever goes wrong in them."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser = browser
        self.folder = folder
        self.faults: list[str] = []
        self.pages: list[Page] = []

    def __call__(
        self,
        made: Evidence,
        *,
        fragment: str = "",
        width: int = 1280,
        scheme: Scheme = "light",
        scripts: bool = True,
    ) -> Page:
        """Open an evidence's page, at a fragment, in a window of this width."""
        file = self.folder / "index.html"
        file.write_bytes(as_bytes(made))
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        context.route("**/*", self._only_files)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.add_init_script(_BREACHES)
        page.goto(file.as_uri() + fragment)
        self.pages.append(page)
        return page

    def close(self) -> None:
        """Ask each page what its policy had to stop, and close it."""
        for page in self.pages:
            self.faults += page.evaluate("globalThis.breaches ?? []")
            page.context.close()

    def _only_files(self, route: Route) -> None:
        if route.request.url.startswith(("file:", "data:")):
            route.continue_()
            return
        self.faults.append(f"asked for {route.request.url}")
        route.abort()

    def _heard(self, message: ConsoleMessage) -> None:
        self.faults.append(f"console {message.type}: {message.text}")


def shown(page: Page) -> Locator:
    """Find the rules of the results that the table shows; a link's work is done a moment later."""
    return page.locator("#rows .unfold")


def controls(page: Page) -> Locator:
    """Find the ids of the controls that the page shows."""
    return page.locator(".framework .control:visible h4 .id")


def many() -> Evidence:
    """Make evidence of 30,000 results: 60 rules at 500 resources."""
    verdicts = [Verdict.FAIL, *[Verdict.NOT_APPLICABLE] * 29, *[Verdict.PASS] * 30]

    def result(number: int) -> Row:
        rule, place = number % 60, number // 60
        # The failures are those of one rule at 20 resources.
        bad = rule == 0 and place >= 20
        return row(
            Verdict.PASS if bad else verdicts[rule],
            f"rule-{rule}",
            resource=f"Resource{place}",
            construct_path=f"acme-production/Data/Thing{place}/Resource",
            message="" if bad else f"what rule {rule} says of resource {place}",
            clauses=(f"ACME-SEC-{rule % 7}",),
            controls=(f"NIST AC-{rule}",),
        )

    return evidence(rows=tuple(result(number) for number in range(MANY)))
