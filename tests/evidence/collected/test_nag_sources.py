"""The packs' rules as they are read in the installed cdk-nag, and what refuses the reading."""

from importlib.metadata import version

import pytest

from evidence.collected import nag_sources as module
from evidence.collected.nag_sources import nag_sources, package
from policies.waivable_rules import PACKS
from runbook.model.refusal import RefusedError
from tests.assembly import ROOT

RULE_IDS = ROOT / "tests" / "policies" / "rule_ids"
_IDS = ("aws-solutions.txt", "hipaa-security.txt", "nist-800-53-r5.txt", "pci-dss-321.txt")
# Rules that may find that they do not apply, or of which that is not ruled out.
UNDECIDED = {
    "AwsSolutions-APIG4",
    "AwsSolutions-COG4",
    "AwsSolutions-EC26",
    "AwsSolutions-L1",
    "AwsSolutions-RDS16",
    "AwsSolutions-RDS6",
    "HIPAA.Security-RDSLoggingEnabled",
    "NIST.800.53.R5-RDSLoggingEnabled",
    "PCI.DSS.321-RDSLoggingEnabled",
}


@pytest.mark.parametrize(("pack", "file"), list(zip(PACKS, _IDS, strict=True)))
def test_every_rule_of_a_pack_is_read(pack: str, file: str) -> None:
    read = [rule.id for rule in nag_sources().packs[pack]]
    assert read == (RULE_IDS / file).read_text("utf-8").split()


def test_every_question_is_read_and_these_alone_leave_silence_open() -> None:
    """A new version of cdk-nag that changes this is seen here; look at the rule before the list."""
    rules = [rule for rules in nag_sources().packs.values() for rule in rules]
    assert [rule.unread for rule in rules if rule.unread] == []
    undecided = {rule.id for rule in rules if rule.question and not rule.question.decides}
    assert undecided == UNDECIDED
    assert all(rule.question and rule.question.classes for rule in rules)


def test_a_rule_has_the_packs_words() -> None:
    rules = {rule.id: rule for rule in nag_sources().packs["HIPAA.Security"]}
    rule = rules["HIPAA.Security-VPCDefaultSecurityGroupClosed"]
    assert rule.title == "The VPC's default security group allows inbound or outbound traffic."
    assert rule.controls == ("164.312(e)(1)",)
    assert rule.level == "warning"
    assert rule.question is not None
    assert rule.question.classes == ("aws-cdk-lib.aws_ec2.CfnVPC",)
    # Its list of controls lacks the bracket at the end.
    assert rules["HIPAA.Security-EC2RestrictedSSH"].controls[-1] == "164.312(e)(1)"
    # This one has no-break spaces in it.
    flow_logs = {r.id: r for r in nag_sources().packs["NIST.800.53.R5"]}
    cited = flow_logs["NIST.800.53.R5-VPCFlowLogsEnabled"].controls
    assert cited[:3] == ("AC-4(26)", "AU-2b", "AU-3a")
    # What is written in two parts is one text.
    assert all("Control ID" not in r.title for rules in nag_sources().packs.values() for r in rules)


def test_the_version_is_the_installed_one() -> None:
    assert nag_sources().version == version("cdk-nag")


_PACK = "lib/packs/hipaa-security.js"
_APPLY = "        this.applyRule({\n            info: 'The SNS topic"
_NAME = "this.packName = 'HIPAA.Security';"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("lib/nag-pack.js", "result === ", "result == ", "says otherwise what becomes of a rule's"),
        (_PACK, _APPLY, f"        if (node) {{ }}\n{_APPLY}", "beside its rules a pack has:"),
        (_PACK, _APPLY, f"        return;\n{_APPLY}", "beside its rules a pack has:"),
        (_PACK, "this.checkSNS(node);", "", "methods of which nobody knows when they run"),
        (_PACK, "this.checkSNS(node);", "this.checkSNS(other);", "a pack calls this . checkSNS"),
        (_PACK, "this.checkSNS(node);", "node && this.checkSNS(node);", "beside its rules a pack"),
        (
            _PACK,
            "    checkSNS(node) {",
            "    isAcknowledged() { }\n    checkSNS(node) {",
            "methods of",
        ),
        (_PACK, _NAME, "this.packName = 'HIPAA';", "'HIPAA' is not named HIPAA.Security"),
        (_PACK, "rule: sns_1.SNSEncryptedKMS", "rule: sns_1.SNSElsewhere", "stands in 0 places"),
        (_PACK, "rule: sns_1.SNSEncryptedKMS", "rule: (node) => no(node)", "names no rule"),
        (_PACK, "level: nag", "when: true, level: nag", "is given info, explanation, when"),
        (_PACK, "rule: sns_1.SNSEncryptedKMS", "rule: s3_1.S3BucketLoggingEnabled", "twice"),
        (
            "lib/rules/sns/index.js",
            '_1 = require("./SNSEncryptedKMS")',
            '_1 = require("./SNSTopicSSLPublishOnly")',
            "so its name is not known",
        ),
        (
            "lib/rules/sns/index.js",
            "return SNSEncryptedKMS_1.default;",
            "return SNSEncryptedKMS_1.other;",
            "exports SNSEncryptedKMS in another way",
        ),
    ],
)
def test_a_package_of_another_form_is_refused(
    monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, said: str
) -> None:
    """A pack that applies rules otherwise would make silence mean something else."""
    number, files = package()
    assert old in files[file]
    changed = {**files, file: files[file].replace(old, new)}
    monkeypatch.setattr(module, "package", lambda: (number, changed))
    with pytest.raises(RefusedError) as refused:
        nag_sources.__wrapped__()
    assert said in str(refused.value)


def test_a_package_that_lacks_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    number, files = package()
    monkeypatch.setattr(module, "package", lambda: (number, {**files} | {}))
    del files["lib/rules/sns/SNSEncryptedKMS.js"]
    with pytest.raises(RefusedError, match=r"there is no lib/rules/sns/SNSEncryptedKMS\.js"):
        nag_sources.__wrapped__()


def test_a_rule_of_another_form_is_listed_and_not_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, files = package()
    path = "lib/rules/sns/SNSEncryptedKMS.js"
    files[path] = files[path].replace("node instanceof", "node && node instanceof")
    monkeypatch.setattr(module, "package", lambda: (number, files))
    rules = {rule.id: rule for rule in nag_sources.__wrapped__().packs["HIPAA.Security"]}
    rule = rules["HIPAA.Security-SNSEncryptedKMS"]
    assert rule.question is None
    assert rule.unread.startswith(f"{path}: it asks for more than a class: node &&")
