"""The page of evidence, opened and used in a real Chromium, with no network.

`make browser` brings the browser. Every test fails by what the console says, by an error in the
script, by a breach of the page's security policy, and by any request but the page itself.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect, sync_playwright

from evidence.formats.page import as_bytes
from evidence.model import Evidence, Row, Verdict
from tests.browser.chromium import ARGUMENTS, chromium
from tests.evidence.samples import evidence, row

Scheme = Literal["light", "dark"]
_MANY = 30_000
_LARGEST = 4_000_000
# What keeps 30,000 results fast to open: the page holds elements for 200 of them.
_MOST_ELEMENTS = 5_000
_BREACHES = """
window.breaches = [];
addEventListener("securitypolicyviolation", (event) =>
  breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = chromium(playwright)
        launched = playwright.chromium.launch(
            executable_path=found.path,
            args=list(ARGUMENTS),
            env={**os.environ, **found.environment},
        )
        yield launched
        launched.close()


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


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    pages = Opened(browser, tmp_path)
    yield pages
    pages.close()
    assert pages.faults == []


def shown(page: Page) -> list[str]:
    """List the rules of the results that the table shows."""
    return page.locator("#rows .unfold").all_inner_texts()


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

    return evidence(rows=tuple(result(number) for number in range(_MANY)))


def test_the_table_shows_all_results_and_counts_them(opened: Opened) -> None:
    page = opened(evidence())
    expect(page.locator("#count")).to_have_text("Showing 7 of 7 results.")
    assert len(shown(page)) == len(evidence().rows)
    expect(page.locator("#unscripted")).to_be_hidden()


@pytest.mark.parametrize(
    ("field", "value", "rules"),
    [
        ("status", "waived", ["bucket-locked"]),
        ("judge", "HIPAA.Security", ["HIPAA.Security-S3BucketLoggingEnabled"]),
        ("control", "HIPAA 164.312(b)", ["HIPAA.Security-S3BucketLoggingEnabled"]),
        ("control", "HIPAA 164.310(b)", []),
        ("clause", "ACME-LOG-1", []),
        ("resource", "draft", ["bucket-versioned"]),
        ("rule", "VERSION", ["bucket-versioned"]),
        ("rule", "Runbook::bucket-owned", ["bucket-owned"]),
    ],
)
def test_a_filter_leaves_what_matches_and_the_address_brings_it_back(
    opened: Opened, field: str, value: str, rules: list[str]
) -> None:
    page = opened(evidence())
    control = page.locator(f"#{field}")
    if control.evaluate("each => each.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)
    expect(page.locator("#count")).to_have_text(
        f"Showing {len(rules)} of {len(rules)} matching results, among 7 in all."
        if rules
        else "No result matches the filter, among 7 in all."
    )
    assert shown(page) == rules
    expect(page.locator("#rows")).to_be_visible(visible=bool(rules))

    again = opened(evidence(), fragment=page.evaluate("location.hash"))
    assert shown(again) == rules
    assert again.locator(f"#{field}").input_value() == value


def test_filters_add_up_and_can_be_cleared(opened: Opened) -> None:
    page = opened(evidence(), fragment="#results?clause=ACME-SEC-1&status=fail")
    assert shown(page) == ["bucket-versioned", "stack-protected"]
    page.get_by_label("Resource", exact=True).fill("drafts")
    assert shown(page) == ["bucket-versioned"]
    page.get_by_role("button", name="Clear filter").click()
    expect(page.locator("#count")).to_have_text("Showing 7 of 7 results.")
    assert page.evaluate("location.hash") == "#results"


def test_a_template_and_a_name_that_is_not_here_can_be_asked_for(opened: Opened) -> None:
    template = evidence().templates[0].path
    page = opened(evidence(), fragment=f"#results?template={template}")
    assert len(shown(page)) == len(evidence().rows)
    page = opened(evidence(), fragment="#results?clause=ACME-GONE-9")
    assert shown(page) == []
    expect(page.locator("#clause option:checked")).to_have_text("ACME-GONE-9 (not in this bundle)")


@pytest.mark.clause("ALL-4")
def test_a_control_leads_to_its_clauses_and_its_results(opened: Opened) -> None:
    page = opened(evidence(), fragment="#control-HIPAA-164.312-a-2-iv")
    control = page.locator("[id='control-HIPAA-164.312-a-2-iv']")
    expect(control.locator("details")).to_have_attribute("open", "")
    control.get_by_role("link", name="results that cite").click()
    expect(page.locator("#control")).to_have_value("HIPAA 164.312(a)(2)(iv)")
    expect(page.locator("#count")).to_contain_text("6 matching results")
    expect(page.locator("#results")).to_be_in_viewport()
    page.go_back()
    control.get_by_role("link", name="ACME-SEC-1").click()
    expect(page.locator("#clause-ACME-SEC-1")).to_be_in_viewport()
    expect(page.locator("#clause-ACME-SEC-1 details")).to_have_attribute("open", "")


def controls(page: Page) -> list[str]:
    """List the controls that the page shows."""
    return page.locator(".framework .control:visible h4 .id").all_inner_texts()


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("field", "value", "ids"),
    [
        ("standing", "gap", ["HIPAA 164.310(b)"]),
        ("standing", "held with exceptions", ["SOC2 CC6.1"]),
        ("framework", "NIST 800-53 R5", ["NIST AU-2"]),
        ("named", "LOG", ["SOC2 CC6.1", "NIST AU-2"]),
        ("named", "164.312(b) audit", ["HIPAA 164.312(b)"]),
        ("named", "nothing like it", []),
    ],
)
def test_the_controls_can_be_filtered_and_the_address_brings_it_back(
    opened: Opened, field: str, value: str, ids: list[str]
) -> None:
    page = opened(evidence())
    assert len(controls(page)) == 5
    control = page.locator(f"#{field}")
    if control.evaluate("each => each.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)
    assert controls(page) == ids
    expect(page.locator("#control-count")).to_have_text(
        f"Showing {len(ids)} of 5 controls."
        if ids
        else "No control matches the filter, among 5 controls."
    )
    frameworks = {each.framework for each in evidence().controls if each.id in ids}
    expect(page.locator(".framework:visible")).to_have_count(len(frameworks))

    again = opened(evidence(), fragment=page.evaluate("location.hash"))
    assert controls(again) == ids
    again.locator("#control-filters").get_by_role("button", name="Clear filter").click()
    expect(again.locator("#control-count")).to_have_text("Showing 5 of 5 controls.")
    assert again.evaluate("location.hash") == "#controls"


def test_a_standing_that_is_none_leaves_no_control(opened: Opened) -> None:
    page = opened(evidence(), fragment="#controls?standing=perfect")
    assert controls(page) == []
    expect(page.locator("#standing option:checked")).to_have_text("perfect (not in this bundle)")


def test_a_count_of_standings_leads_to_its_controls(opened: Opened) -> None:
    page = opened(evidence())
    page.get_by_role("link", name="1 control: broken").click()
    assert controls(page) == ["HIPAA 164.312(a)(2)(iv)"]
    expect(page.locator("#controls")).to_be_in_viewport()
    page.go_back()
    page.get_by_role("link", name="1 control: gap").click()
    assert controls(page) == ["HIPAA 164.310(b)"]


def test_a_link_to_a_control_leads_there_whatever_the_filter_leaves_out(opened: Opened) -> None:
    page = opened(evidence(), fragment="#controls?standing=gap")
    page.evaluate("location.hash = '#control-NIST-AU-2'")
    expect(page.locator("#control-NIST-AU-2")).to_be_in_viewport()
    expect(page.locator("#standing")).to_have_value("")
    assert len(controls(page)) == 5
    assert page.evaluate("location.hash") == "#control-NIST-AU-2"


@pytest.mark.clause("ALL-4")
def test_paper_names_the_filter_of_the_controls(opened: Opened) -> None:
    page = opened(evidence(), fragment="#controls?standing=gap&named=use")
    page.emulate_media(media="print")
    assert controls(page) == ["HIPAA 164.310(b)"]
    told = "A filter was set: printed are 1 of 5 controls, with standing gap, id or title use."
    for place in (page.locator("header"), page.locator("section:has(> #controls)")):
        expect(place.locator(".of-controls")).to_have_text(told)
        expect(place.locator(".of-controls")).to_be_visible()
    expect(page.locator("header")).to_contain_text("1 of 5 controls with their gaps")
    page.emulate_media(media="screen")
    expect(page.locator("header .of-controls")).to_be_hidden()


def test_a_count_of_the_summary_leads_to_its_results(opened: Opened) -> None:
    page = opened(evidence())
    page.get_by_role("link", name="2 results: fail").click()
    assert shown(page) == ["bucket-versioned", "stack-protected"]


def test_a_row_tells_its_details_by_keyboard(opened: Opened) -> None:
    page = opened(evidence(), fragment="#results?rule=bucket-encrypted")
    button = page.get_by_role("button", name="bucket-encrypted")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    told = page.locator("#rows .more").inner_text()
    for part in (
        "found what it asks for",
        "Records are PHI.",
        "Set BucketEncryption.",
        "stacks/data_stack.py:41",
    ):
        assert part in told
    page.keyboard.press("Enter")
    expect(page.locator("#rows .more")).to_have_count(0)


def test_what_was_waived_says_why(opened: Opened) -> None:
    page = opened(evidence(), fragment="#results?status=waived")
    page.get_by_role("button", name="bucket-locked").click()
    expect(page.locator("#rows .more")).to_contain_text("It holds what is public anyway.")


def test_a_script_in_a_message_is_text(opened: Opened) -> None:
    page = opened(evidence(), fragment="#results?rule=stack-protected")
    expect(page.locator("#rows")).to_contain_text("<script>alert(1)</script>")
    trick = "</script><img src=x onerror=alert(1)><!--<script>alert(2)</script>"
    page = opened(evidence(rows=(row(Verdict.FAIL, trick, resource=trick, message=trick),)))
    page.locator("#rows .unfold").click()
    assert shown(page) == [trick]
    assert page.locator("img").count() == 0


def test_a_script_that_came_in_would_not_run(opened: Opened) -> None:
    page = opened(evidence())
    page.evaluate(
        "() => { const made = document.createElement('script');"
        " made.textContent = 'window.ran = true'; document.body.append(made); }"
    )
    page.wait_for_function("breaches.length === 1")
    assert page.evaluate("window.ran") is None
    assert page.evaluate("breaches.pop()") == "script-src-elem inline"
    assert any("Content Security Policy" in fault for fault in opened.faults)
    opened.faults.clear()


def test_without_scripts_everything_but_the_table_is_there(opened: Opened) -> None:
    page = opened(evidence(), scripts=False)
    for section in ("failures", "controls", "waivers", "gaps", "clauses", "drills"):
        expect(page.locator(f"section:has(> #{section})")).to_be_visible()
    expect(page.get_by_text("BucketEncryption is missing").first).to_be_visible()
    expect(page.get_by_text("The same 7 results stand in results.csv")).to_be_visible()
    for form in ("#filters", "#control-filters"):
        expect(page.locator(form)).to_be_hidden()
    page.locator("#control-NIST-AU-2 summary").click()
    expect(page.locator("#control-NIST-AU-2")).to_contain_text("3 pass")


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_scrolls_the_page_sideways(opened: Opened, width: int, scheme: Scheme) -> None:
    long = "AVeryLongNameWithoutAnyPlaceToBreakIt" * 6
    extra = row(Verdict.FAIL, long, resource=long, message=long, construct_path=long, type=long)
    made = evidence()
    page = opened(replace(made, rows=(*made.rows, extra)), width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    for button in page.locator("#rows .unfold").all():
        button.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_control_of_the_filter_has_a_name_and_the_count_is_announced(opened: Opened) -> None:
    page = opened(evidence())
    for name in ("Status", "Judge", "Clause", "Control", "Template", "Rule", "Resource"):
        expect(page.get_by_label(name, exact=True)).to_be_visible()
    expect(page.locator("#count")).to_have_attribute("aria-live", "polite")
    for name in ("Standing", "Framework", "Id or title"):
        expect(page.get_by_label(name, exact=True)).to_be_visible()
    expect(page.locator("#control-count")).to_have_attribute("aria-live", "polite")
    for role in ("main", "navigation"):
        expect(page.get_by_role(role)).to_have_count(1)
    for name in ("Filter the controls", "Filter the results"):
        expect(page.get_by_role("search", name=name)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()


def sheets(page: Page, paper: str = "A4") -> int:
    """Print a page, and count the sheets."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=paper)))


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_it_prints(opened: Opened, paper: str, scripts: bool) -> None:
    page = opened(evidence(), scripts=scripts)
    assert 2 <= sheets(page, paper) <= 5
    page.emulate_media(media="print")
    for hidden in ("nav", "#filters", "#rows", "#count", "#unscripted"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("#unprinted")).to_contain_text("The 7 results are not printed")
    expect(page.locator("header")).to_contain_text(
        "the gaps of the whole, and 5 controls with their gaps."
    )


@pytest.mark.clause("ALL-4")
def test_paper_has_every_control_failure_gap_and_waiver(opened: Opened) -> None:
    made = evidence()
    page = opened(made)
    page.emulate_media(media="print")
    told = page.locator("main").inner_text()
    for control in made.controls:
        assert control.title in told
        assert all(gap in told for gap in control.gaps)
    assert all(gap in told for gap in made.gaps)
    for result in made.rows:
        assert result.verdict not in {Verdict.FAIL, Verdict.ERROR} or result.message in told
    for waiver in made.waivers:
        assert all(each in told for each in (waiver.reason, waiver.expires, waiver.owner))


def test_what_is_folded_stays_folded_on_paper_and_what_is_not_does_not(opened: Opened) -> None:
    page = opened(evidence(), fragment="#control-NIST-AU-2")
    page.emulate_media(media="print")
    expect(page.locator("#control-NIST-AU-2")).to_contain_text("3 pass")
    assert page.locator("#control-NIST-AU-2 dl").evaluate("each => each.checkVisibility()")
    other = page.locator("[id='control-SOC2-CC6.1'] dl")
    assert not other.evaluate("each => each.checkVisibility()")


def test_three_hundred_controls_print_on_few_sheets(opened: Opened) -> None:
    made = evidence()
    controls = tuple(
        replace(made.controls[number % 5], id=f"NIST AC-{number}") for number in range(300)
    )
    waivers = tuple(replace(made.waivers[0], entry=f"waiver[{number}]") for number in range(90))
    assert sheets(opened(replace(made, controls=controls, waivers=waivers))) <= 25


def test_paper_has_the_results_that_are_filtered_all_pages_of_them(opened: Opened) -> None:
    page = opened(many(), fragment="#results?rule=Runbook::rule-7")
    assert len(shown(page)) == 200
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#rows")).to_be_visible()
    assert len(shown(page)) == 500
    told = "A filter was set: printed are 500 of the 500 results with rule Runbook::rule-7."
    for place in (page.locator("header"), page.locator("section:has(> #results)")):
        expect(place.locator(".of-results")).to_have_text(told)
        expect(place.locator(".of-results")).to_be_visible()
    expect(page.locator("#unprinted")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(shown(page)) == 200


def test_paper_has_no_more_than_five_hundred_results_and_says_so(opened: Opened) -> None:
    page = opened(many(), fragment="#results?status=not_applicable")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(page)) == 500
    expect(page.locator("header .of-results")).to_have_text(
        "A filter was set: printed are 500 of the 14,500 results with status not applicable. "
        "results.csv has them all."
    )


def test_of_thirty_thousand_results_two_hundred_are_shown_and_the_rest_can_be_turned_to(
    opened: Opened,
) -> None:
    made = many()
    assert len(as_bytes(made)) < _LARGEST
    page = opened(made)
    expect(page.locator("#count")).to_have_text("Showing 200 of 30,000 results (1 to 200).")
    assert page.evaluate("document.querySelectorAll('*').length") < _MOST_ELEMENTS
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#count")).to_have_text("Showing 200 of 30,000 results (201 to 400).")
    expect(page.locator("#position")).to_have_text("Page 2 of 150")
    again = opened(made, fragment=page.evaluate("location.hash"))
    expect(again.locator("#position")).to_have_text("Page 2 of 150")
    again.get_by_label("Resource", exact=True).fill("Thing499/")
    expect(again.locator("#count")).to_have_text(
        "Showing 60 of 60 matching results, among 30,000 in all."
    )
    again.get_by_label("Status", exact=True).select_option("fail")
    expect(again.locator("#count")).to_contain_text("No result matches the filter")
