"""The list of controls in the page of evidence: its filter, and what leads to it."""

import pytest
from playwright.sync_api import expect

from tests.evidence.formats.opened_page import Opened, controls
from tests.evidence.samples import evidence


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
    expect(controls(page)).to_have_count(5)
    control = page.locator(f"#{field}")
    if control.evaluate("each => each.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)
    expect(controls(page)).to_have_text(ids)
    expect(page.locator("#control-count")).to_have_text(
        f"Showing {len(ids)} of 5 controls."
        if ids
        else "No control matches the filter, among 5 controls."
    )
    frameworks = {each.framework for each in evidence().controls if each.id in ids}
    expect(page.locator(".framework:visible")).to_have_count(len(frameworks))

    again = opened(evidence(), fragment=page.evaluate("location.hash"))
    expect(controls(again)).to_have_text(ids)
    again.locator("#control-filters").get_by_role("button", name="Clear filter").click()
    expect(again.locator("#control-count")).to_have_text("Showing 5 of 5 controls.")
    assert again.evaluate("location.hash") == "#controls"


def test_a_standing_that_is_none_leaves_no_control(opened: Opened) -> None:
    page = opened(evidence(), fragment="#controls?standing=perfect")
    expect(controls(page)).to_have_text([])
    expect(page.locator("#standing option:checked")).to_have_text("perfect (not in this bundle)")


def test_a_count_of_standings_leads_to_its_controls(opened: Opened) -> None:
    page = opened(evidence())
    page.get_by_role("link", name="1 control: broken").click()
    expect(controls(page)).to_have_text(["HIPAA 164.312(a)(2)(iv)"])
    expect(page.locator("#controls")).to_be_in_viewport()
    page.go_back()
    page.get_by_role("link", name="1 control: gap").click()
    expect(controls(page)).to_have_text(["HIPAA 164.310(b)"])


def test_a_link_to_a_control_leads_there_whatever_the_filter_leaves_out(opened: Opened) -> None:
    page = opened(evidence(), fragment="#controls?standing=gap")
    page.evaluate("location.hash = '#control-NIST-AU-2'")
    expect(page.locator("#control-NIST-AU-2")).to_be_in_viewport()
    expect(page.locator("#standing")).to_have_value("")
    expect(controls(page)).to_have_count(5)
    assert page.evaluate("location.hash") == "#control-NIST-AU-2"
