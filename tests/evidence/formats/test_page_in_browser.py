"""The page of evidence, opened and used in a real Chromium, with no network.

`make browser` brings the browser. Every test fails by what the console says, by an error in the
script, by a breach of the page's security policy, and by any request but the page itself.
"""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from evidence.formats.page import as_bytes
from evidence.model import Verdict
from tests.evidence.formats.opened_page import Opened, Scheme, many, shown
from tests.evidence.samples import evidence, row

_LARGEST = 4_000_000
# What keeps 30,000 results fast to open: the page holds elements for 200 of them.
_MOST_ELEMENTS = 5_000


def test_the_table_shows_all_results_and_counts_them(opened: Opened) -> None:
    page = opened(evidence())
    expect(page.locator("#count")).to_have_text("Showing 7 of 7 results.")
    expect(shown(page)).to_have_count(len(evidence().rows))
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
    expect(shown(page)).to_have_text(rules)
    expect(page.locator("#rows")).to_be_visible(visible=bool(rules))

    again = opened(evidence(), fragment=page.evaluate("location.hash"))
    expect(shown(again)).to_have_text(rules)
    assert again.locator(f"#{field}").input_value() == value


def test_filters_add_up_and_can_be_cleared(opened: Opened) -> None:
    page = opened(evidence(), fragment="#results?clause=ACME-SEC-1&status=fail")
    expect(shown(page)).to_have_text(["bucket-versioned", "stack-protected"])
    page.get_by_label("Resource", exact=True).fill("drafts")
    expect(shown(page)).to_have_text(["bucket-versioned"])
    page.locator("#filters").get_by_role("button", name="Clear filter").click()
    expect(page.locator("#count")).to_have_text("Showing 7 of 7 results.")
    assert page.evaluate("location.hash") == "#results"


def test_a_template_and_a_name_that_is_not_here_can_be_asked_for(opened: Opened) -> None:
    template = evidence().templates[0].path
    page = opened(evidence(), fragment=f"#results?template={template}")
    expect(shown(page)).to_have_count(len(evidence().rows))
    page = opened(evidence(), fragment="#results?clause=ACME-GONE-9")
    expect(shown(page)).to_have_text([])
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


def test_a_count_of_the_summary_leads_to_its_results(opened: Opened) -> None:
    page = opened(evidence())
    page.get_by_role("link", name="2 results: fail").click()
    expect(shown(page)).to_have_text(["bucket-versioned", "stack-protected"])


@pytest.mark.parametrize("link", ["Summary", "Skip to the content", "Controls", "Sections"])
def test_a_link_to_a_section_unfolds_nothing(opened: Opened, link: str) -> None:
    page = opened(evidence(), width=360)
    page.get_by_role("link", name=link, exact=True).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash !== ''")
    expect(page.locator("details[open]")).to_have_count(0)


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
    expect(shown(page)).to_have_text([trick])
    assert page.locator("img").count() == 0


def test_a_script_that_came_in_would_not_run(opened: Opened) -> None:
    page = opened(evidence())
    with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
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
    clause = replace(made.clauses[0], id=long, text=long, source=long, open=long)
    control = replace(made.controls[0], id=long, title=long, framework=long, gaps=(long,))
    waiver = replace(made.waivers[0], rules=(f"{long}[{long}]",), paths=(long, long), reason=long)
    template = replace(made.templates[0], path=long, stack=long)
    made = replace(
        made,
        rows=(*made.rows, extra),
        clauses=(*made.clauses, clause),
        controls=(*made.controls, control),
        waivers=(*made.waivers, waiver),
        templates=(*made.templates, template),
        gaps=(*made.gaps, long),
    )
    page = opened(made, width=width, scheme=scheme)
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
