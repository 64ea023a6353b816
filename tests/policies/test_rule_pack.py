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
    assert rule.judge or rule.judge_stack or rule.judge_file
    assert bool(rule.types) == (rule.judge is not None)
    assert bool(rule.files) == (rule.judge_file is not None)
    assert set(rule.required_files) <= set(rule.files)
    for text in (rule.title, rule.why, rule.remedy):
        assert len(text.split()) >= 4
        assert text == " ".join(text.split())
    assert rule.why.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.controls
    assert [control for control in rule.controls if not _CONTROL.fullmatch(control)] == []


def test_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


# A breach of these is a breach of patients' data or of the records that would show it.
FIRM = """
alarms-as-declared
alarms-see-something
alarms-delivered
audit-bucket-lock
boundaries-hold
bucket-access-logged
bucket-encrypted
bucket-private
bucket-tls-only
bucket-versioned
build-privileges
canary-watches
database-backups
database-encrypted
database-known-kind
database-master-secret
database-not-public
database-quiet-about-data
database-reached-by-services-only
database-tls
deployment-alarms
deployment-detector
failures-told
fallback-models-only
key-lasting
key-through-services
listener-tls
locked-bucket-writers
log-encrypted
log-phi-masked
logs-stay
messages-encrypted
migrations-in-order
mutes-as-declared
no-access-keys
no-content-network
no-open-door
no-secret-in-environment
no-secret-in-template
open-ingress
pipeline-order
pipeline-source
receipts-lifecycle
release-freeze
release-hooks
releases-approved-by-people
roles-bounded
rotation-events-recorded
rotation-function-alone
second-vantage
secret-ages-measured
secret-consumers-restarted
secret-policy
secret-readers-watched
secret-rotation-scheduled
secrets-by-reference
secrets-encrypted
service-private
severities-delivered
slack-guarded
snapshot-janitor-bound
stateful-retained
tamper-told
task-definition-retained
test-page-scheduled
trail-bucket-lock
trail-complete
trusted-by
who-changes-stacks
who-changes-the-audit-trail
who-grants-access
who-moves-pipelines
who-passes-roles
who-pushes-images
who-reads-secrets
who-starts-deploys
who-unmasks-logs
who-updates-services
who-writes-evidence
"""


def test_what_takes_no_waiver_is_written_down() -> None:
    # A waiver names a construct, so that none can name a file.
    of_files = {rule.id for rule in RULES if rule.only_files}
    assert {rule.id for rule in RULES if not rule.waivable} == set(FIRM.split()) | of_files
