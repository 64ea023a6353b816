"""Whose findings can be waived, and how a waiver names a rule: ``<judge>::<rule>``."""

import re
from difflib import get_close_matches

from policies.rules import all_rules
from runbook.model.validation import impossible

# The names that the packs of policies/plugin.py give themselves; a test compares them.
PACKS = ("AwsSolutions", "HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321")
# Our own rules, and the judges of policies/judges.py; a rule that means "this could not be judged"
# is no finding that anybody can answer for.
RUNBOOK, CFN_LINT, CHECKOV = "Runbook", "cfn-lint", "checkov"
_JUDGES = {
    CFN_LINT: re.compile(r"[EWI](?!000)\d{4}"),
    CHECKOV: re.compile(r"CKV2?_[A-Z]+_\d+"),
}
_OF_PACK = re.compile(r"(?P<pack>.+?)::(?P=pack)-\S.*")


def namespaced(rule: str) -> str:
    """Take a rule with the name of its judge; refuse any other, as pydantic's validators do."""
    judge, separator, name = rule.partition("::")
    if separator and judge == RUNBOOK:
        return _waivable(name)
    if separator and judge in _JUDGES:
        if _JUDGES[judge].fullmatch(name):
            return rule
        raise impossible(
            f"{judge} has no rule {name!r} that can be waived", "write it as the refusal prints it"
        )
    match = _OF_PACK.fullmatch(rule)
    if match and match["pack"] in PACKS:
        return rule
    pack = next((pack for pack in PACKS if rule.startswith(f"{pack}-")), None)
    known = ", ".join((*PACKS, RUNBOOK, *_JUDGES))
    raise impossible(
        f"{rule!r} does not name its pack: a finding waived so would vanish without a record",
        f"write {pack}::{rule}" if pack else f"write <pack>::<rule>; packs: {known}",
    )


def is_waivable(rule_id: str) -> bool:
    """Tell whether somebody may answer for a finding of this rule of ours."""
    return any(rule.id == rule_id and rule.waivable for rule in all_rules())


def _waivable(rule_id: str) -> str:
    """Take a rule of ours that exists, and that somebody may answer for."""
    rules = {rule.id: rule for rule in all_rules()}
    if rule_id not in rules:
        close = get_close_matches(rule_id, rules, n=1)
        hint = f"did you mean {RUNBOOK}::{close[0]}?" if close else "see policies/rules"
        raise impossible(f"there is no rule {rule_id!r}", hint)
    if not rules[rule_id].waivable:
        raise impossible(
            f"{rule_id} cannot be waived: {rules[rule_id].title}", rules[rule_id].remedy
        )
    return f"{RUNBOOK}::{rule_id}"
