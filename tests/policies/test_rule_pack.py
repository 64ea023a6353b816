"""What all rules have in common."""

import re

import pytest

from policies.rule import Rule
from policies.rules import all_rules
from tests.assembly import ROOT

RULES = all_rules()
_CONTROL = re.compile(r"HIPAA 164\.3\d\d(\(\w+\))*|NIST [A-Z]{2}-\d+(\(\d+\))?|SOC2 [ACP]C?\d\.\d")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_one_file_and_one_test(rule: Rule) -> None:
    name = rule.id.replace("-", "_")
    assert (ROOT / "policies" / "rules" / f"{name}.py").is_file()
    assert (ROOT / "tests" / "policies" / "rules" / f"test_{name}.py").is_file()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert rule.judge is not None or rule.judge_stack is not None
    assert bool(rule.types) == (rule.judge is not None)
    for text in (rule.title, rule.why, rule.remedy):
        assert len(text.split()) >= 4
        assert text == " ".join(text.split())
    assert rule.why.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.controls
    assert [control for control in rule.controls if not _CONTROL.fullmatch(control)] == []


def test_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
