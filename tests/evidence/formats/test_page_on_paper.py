"""The page of evidence, printed: what stands on paper, and what it says is left out."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from evidence.formats.workbook_tables import tables
from evidence.model import Verdict
from tests.evidence.formats.opened_page import Opened, controls, many, shown
from tests.evidence.samples import evidence


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


def test_paper_names_sheets_that_the_workbook_has(opened: Opened) -> None:
    told = opened(evidence()).locator("header").text_content() or ""
    named = re.findall(r"sheet ([A-Z][a-z]+)", told)
    assert named == ["Controls", "Clauses"]
    assert set(named) <= {table.name for table in tables(evidence())}


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
    expect(shown(page)).to_have_count(200)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#rows")).to_be_visible()
    expect(shown(page)).to_have_count(500)
    told = "A filter was set: printed are 500 of the 500 results with rule Runbook::rule-7."
    for place in (page.locator("header"), page.locator("section:has(> #results)")):
        expect(place.locator(".of-results")).to_have_text(told)
        expect(place.locator(".of-results")).to_be_visible()
    expect(page.locator("#unprinted")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(shown(page)).to_have_count(200)


def test_a_result_that_is_unfolded_is_so_on_paper_and_after(opened: Opened) -> None:
    page = opened(evidence(), fragment="#results?rule=bucket-encrypted")
    page.get_by_role("button", name="bucket-encrypted").click()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#rows .more")).to_contain_text("Records are PHI.")
    expect(page.locator("#rows .more")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#rows .more")).to_have_count(1)


def test_paper_has_no_more_than_five_hundred_results_and_says_so(opened: Opened) -> None:
    page = opened(many(), fragment="#results?status=not_applicable")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(shown(page)).to_have_count(500)
    expect(page.locator("header .of-results")).to_have_text(
        "A filter was set: printed are 500 of the 14,500 results with status not applicable. "
        "results.csv has them all."
    )


@pytest.mark.clause("ALL-4")
def test_paper_names_the_filter_of_the_controls(opened: Opened) -> None:
    page = opened(evidence(), fragment="#controls?standing=gap&named=use")
    page.emulate_media(media="print")
    expect(controls(page)).to_have_text(["HIPAA 164.310(b)"])
    told = "A filter was set: printed are 1 of 5 controls, with standing gap, id or title use."
    for place in (page.locator("header"), page.locator("section:has(> #controls)")):
        expect(place.locator(".of-controls")).to_have_text(told)
        expect(place.locator(".of-controls")).to_be_visible()
    expect(page.locator("header")).to_contain_text("1 of 5 controls with their gaps")
    page.emulate_media(media="screen")
    expect(page.locator("header .of-controls")).to_be_hidden()
