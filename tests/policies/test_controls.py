"""The controls that rules cite: each is known, and each known one is well-formed."""

import re

import pytest
from pydantic import ValidationError

from policies.controls import Framework, all_controls
from policies.rule import Rule
from policies.rules import all_rules

FORMS = {
    "HIPAA": r"164\.(3(08|10|12|14|16)|4(04|08|10)|502|530)(\(([a-z]|\d|[ivx]+|[A-Z])\))+",
    "NIST": r"(AC|AU|CA|CM|CP|IA|IR|RA|SA|SC|SI|SR)-\d{1,2}(\(\d{1,2}\))?",
    "SOC2": r"(CC[1-9]|A1|C1|PI1)\.\d",
}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_each_control_that_a_rule_cites_is_known(rule: Rule) -> None:
    unknown = set(rule.controls) - all_controls().keys()
    assert not unknown, f"{rule.id} cites {unknown}: not in policies/controls.toml"
    assert len(set(rule.controls)) == len(rule.controls)


def test_each_control_is_well_formed() -> None:
    for control in all_controls().values():
        framework, _, short = control.id.partition(" ")
        assert re.fullmatch(FORMS[framework], short), control.id
        assert 1 <= len(control.title.split()) <= 12, control.id
        assert control.title == control.title.strip().rstrip("."), control.id


def test_every_framework_is_there_and_leads_to_its_own_text() -> None:
    found = {c.id.split()[0]: c.url.split("/")[2] for c in all_controls().values()}
    assert found == {
        "HIPAA": "www.ecfr.gov",
        "NIST": "csrc.nist.gov",
        "SOC2": "www.aicpa-cima.com",
    }


@pytest.mark.parametrize(
    "spoilt",
    [
        {"url": "http://example.org"},
        {"title": ""},
        {"controls": {"A": ""}},
        {"controlls": {}},
        {"organisational": [""]},
    ],
)
def test_a_framework_that_is_not_whole_is_refused(spoilt: dict[str, object]) -> None:
    whole = {
        "title": "A framework",
        "url": "https://example.org",
        "organisational": [],
        "controls": {"A-1": "First"},
    }
    Framework.model_validate(whole)
    with pytest.raises(ValidationError):
        Framework.model_validate(whole | spoilt)


def test_what_asks_for_people_is_told_from_what_templates_show() -> None:
    controls = all_controls()
    asks = ("HIPAA 164.308(a)(1)(ii)(A)", "HIPAA 164.316(b)(2)(i)", "NIST CP-2", "SOC2 CC1.1")
    assert all(controls[id_].organisational for id_ in asks)
    shown = ("HIPAA 164.312(b)", "NIST AC-6", "NIST CP-9", "SOC2 CC6.1")
    assert not any(controls[id_].organisational for id_ in shown)
    for framework in ("HIPAA", "NIST", "SOC2"):
        of_it = [c.organisational for c in controls.values() if c.id.startswith(framework)]
        assert any(of_it)
        assert not all(of_it)
