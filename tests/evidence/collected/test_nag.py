"""cdk-nag's packs as evidence: on a small application, on doctored reports, on everything we have.

The small application is under the real packs, so what they found there is held against the
reading of whom they asked.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.collected import nag
from evidence.collected.nag import NO_FINDING, OVERRIDDEN, PASSED, nag_judged
from evidence.collected.nag_sources import nag_sources
from evidence.model import Judged, Row, Verdict
from policies.waivable_rules import PACKS
from policies.waivers import Waived, load_waivers
from policies.waiving import waived_for
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import RefusedError
from tests.assembly import ROOT, Assembly

Json = Any
REASON = "Nobody asks who reads it."
WAIVED = Waived(
    "AwsSolutions::AwsSolutions-S1",
    "rovn-production/Edge/WaivedBucket",
    REASON,
    "waiver[0]",
    date(2027, 5, 31),
)
DAY = date(2026, 5, 1)
# The pair of each: what the rule must find, and what it must let pass.
PAIRS = {
    "AwsSolutions-DDB3": "Table",
    "AwsSolutions-KMS5": "Key",
    "AwsSolutions-RDS2": "Database",
    "HIPAA.Security-CloudTrailLogFileValidationEnabled": "Trail",
    "HIPAA.Security-CloudWatchLogGroupEncrypted": "Logs",
    "HIPAA.Security-CloudWatchLogGroupRetentionPeriod": "Logs",
    "HIPAA.Security-VPCSubnetAutoAssignPublicIpDisabled": "Subnet",
    "NIST.800.53.R5-RDSInstancePublicAccess": "Database",
    "NIST.800.53.R5-SNSEncryptedKMS": "Topic",
    "PCI.DSS.321-CloudTrailLogFileValidationEnabled": "Trail",
    "PCI.DSS.321-VPCSubnetAutoAssignPublicIpDisabled": "Subnet",
}


@pytest.fixture(scope="module")
def environment() -> Environment:
    return load_environment("rovn/production")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nag") / "small"
    command = [sys.executable, "-m", "tests.evidence.collected.nag_small_app", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def judged(small: Path, environment: Environment) -> dict[str, Judged]:
    return {one.judge.name: one for one in nag_judged(small, environment, [WAIVED], DAY)}


def rows(judged: dict[str, Judged], rule: str) -> dict[str, Row]:
    """Get a rule's rows by the construct's own id."""
    pack = next(pack for pack in PACKS if rule.startswith(f"{pack}-"))
    found = [row for row in judged[pack].rows if row.rule == rule]
    assert len({row.construct_path for row in found}) == len(found)
    return {row.construct_path.rpartition("/")[2]: row for row in found}


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(("rule", "pair"), list(PAIRS.items()))
def test_what_the_packs_found_is_a_failure_and_what_they_passed_a_pass(
    judged: dict[str, Judged], rule: str, pair: str
) -> None:
    found = rows(judged, rule)
    spoiled, sound = found[f"Spoiled{pair}"], found[f"Sound{pair}"]
    assert spoiled.verdict is Verdict.FAIL
    assert spoiled.message.startswith(f"{rule}: ")
    assert (sound.verdict, sound.message) == (Verdict.PASS, PASSED)
    assert sound.template == "assembly-rovn-production/rovnproductionEdge77A022BD.template.json"
    assert sound.resource == f"Sound{pair}"
    assert sound.type.startswith("AWS::")
    assert sound.construct_path == f"rovn-production/Edge/Sound{pair}"


def test_only_the_class_that_a_rule_asks_for_is_judged_by_it(judged: dict[str, Judged]) -> None:
    """A generic resource of the type is not asked; subclasses, nested stacks, both Stages are."""
    topics = rows(judged, "HIPAA.Security-SNSEncryptedKMS")
    failed = {name for name, row in topics.items() if row.verdict is Verdict.FAIL}
    assert failed == {
        "SpoiledTopic",
        "SpoiledOwnTopic",
        "SpoiledNestedTopic",
        "SpoiledFirstTopic",
    }
    assert topics.keys() - failed == {"SoundTopic"}
    assert topics["SpoiledNestedTopic"].template.endswith(".nested.template.json")
    assert topics["SpoiledFirstTopic"].template.startswith("assembly-rovn-production-bootstrap/")
    for pack in judged.values():
        assert (
            f"No rule of {pack.judge.name} looked at what is of no service's own class: "
            "rovn-production/Edge/GenericTopic (AWS::SNS::Topic), "
        ) in pack.gaps[0]


def test_a_rule_that_may_not_apply_passes_nothing(judged: dict[str, Judged]) -> None:
    """The same silence at both, though it applies to one of them only."""
    found = rows(judged, "HIPAA.Security-RDSLoggingEnabled")
    assert found["SpoiledDatabase"].verdict is Verdict.FAIL
    for name in ("SoundDatabase", "AuroraInstance"):
        assert (found[name].verdict, found[name].message) == (Verdict.NO_FINDING, NO_FINDING)


@pytest.mark.clause("ALL-4")
def test_a_raw_override_of_what_a_rule_looks_at_leaves_no_pass(judged: dict[str, Judged]) -> None:
    """The rule saw a rotated key; the template has one that is not."""
    keys = rows(judged, "AwsSolutions-KMS5")
    assert keys["OverriddenKey"].verdict is Verdict.NO_FINDING
    assert keys["OverriddenKey"].message == OVERRIDDEN.format("EnableKeyRotation")
    # Of this one the template says otherwise only in what the rule does not look at.
    assert keys["DescribedKey"].verdict is Verdict.PASS
    # This rule looks at other queues: one of them may name the queue as its own dead letters'.
    queues = rows(judged, "AwsSolutions-SQS3")
    assert queues["SpoiledQueue"].verdict is Verdict.FAIL
    assert queues["SoundQueue"].verdict is Verdict.NO_FINDING
    assert queues["SoundQueue"].message == OVERRIDDEN.format("RedrivePolicy")


def test_a_finding_with_a_name_is_a_row_of_its_rule(judged: dict[str, Judged]) -> None:
    found = rows(judged, "AwsSolutions-IAM5")
    assert found["WideGrant"].verdict is Verdict.FAIL
    assert found["WideGrant"].message.startswith(
        "AwsSolutions-IAM5[Resource::arn:aws:s3:::a/*]: The IAM entity contains wildcard"
    )
    assert found["NarrowGrant"].verdict is Verdict.PASS


def test_a_rule_that_threw_could_not_judge(judged: dict[str, Judged]) -> None:
    found = rows(judged, "HIPAA.Security-EC2RestrictedCommonPorts")
    assert found["UnreadableGroup"].verdict is Verdict.ERROR
    assert (
        "Rule threw an error during validation. The parameter" in found["UnreadableGroup"].message
    )
    assert found["ClosedGroup"].verdict is Verdict.PASS
    # Under the words of the first of its findings, cdk-nag hides that it threw.
    assert (
        rows(judged, "HIPAA.Security-EC2RestrictedSSH")["UnreadableGroup"].verdict is Verdict.FAIL
    )


def test_what_is_acknowledged_is_waived_by_a_waiver_alone(judged: dict[str, Judged]) -> None:
    found = rows(judged, "AwsSolutions-S1")
    assert (found["WaivedBucket"].verdict, found["WaivedBucket"].reason) == (Verdict.WAIVED, REASON)
    assert (found["AcknowledgedBucket"].verdict, found["AcknowledgedBucket"].reason) == (
        Verdict.FAIL,
        "",
    )
    assert found["AcknowledgedBucket"].message.endswith("and no waiver covers it.")


@pytest.mark.clause("ALL-4")
def test_a_waiver_that_has_expired_lets_no_finding_pass(
    small: Path, environment: Environment
) -> None:
    """Synthesis acknowledges it all the same: it has no clock."""

    def told(day: date) -> Row:
        judged = {one.judge.name: one for one in nag_judged(small, environment, [WAIVED], day)}
        return rows(judged, "AwsSolutions-S1")["WaivedBucket"]

    last, after = told(WAIVED.expires), told(WAIVED.expires + timedelta(days=1))
    assert (last.verdict, last.reason) == (Verdict.WAIVED, REASON)
    assert (after.verdict, after.reason) == (Verdict.FAIL, "")
    assert after.message == (
        f"{last.message} (waiver expired: policies/waivers.toml waiver[0]: "
        "it held until 2027-05-31, and it is 2027-06-01)"
    )


def test_a_rule_that_asks_for_nothing_here_does_not_apply(judged: dict[str, Judged]) -> None:
    (row,) = rows(judged, "AwsSolutions-AEC5").values()
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert (row.template, row.resource, row.construct_path) == ("", "", "")
    assert row.message == (
        "The environment has none of: aws_elasticache.CfnCacheCluster, "
        "aws_elasticache.CfnReplicationGroup."
    )


def test_every_rule_is_listed_with_its_words_and_controls(judged: dict[str, Judged]) -> None:
    for name, rules in nag_sources().packs.items():
        assert [rule.id for rule in judged[name].rules] == [rule.id for rule in rules]
        assert {row.rule for row in judged[name].rows} == {rule.id for rule in rules}
    rule = next(
        r for r in judged["HIPAA.Security"].rules if r.id == "HIPAA.Security-SNSEncryptedKMS"
    )
    assert rule.title == "The SNS topic does not have KMS encryption enabled."
    assert rule.why.startswith("Because sensitive data can exist at rest in published")
    assert rule.controls == ("HIPAA 164.312(a)(2)(iv)", "HIPAA 164.312(e)(2)(ii)")
    row = rows(judged, rule.id)["SoundTopic"]
    assert (row.level, row.controls) == ("error", rule.controls)


def test_an_acknowledgement_that_leaves_no_record_is_refused(small: Path) -> None:
    """The finding is in no list of the report, so silence would be taken for a pass."""
    report = json.loads((small / "validation-report.json").read_text("utf-8"))
    assert "rovn-staging/Edge/SilencedTopic" in json.dumps(report)
    hipaa = plugin(report, "HIPAA.Security")
    assert "rovn-staging/Edge/SilencedTopic" not in json.dumps(hipaa)
    with pytest.raises(RefusedError) as refused:
        nag_judged(small, load_environment("rovn/staging"), (), DAY)
    assert (
        "  HIPAA.Security-SNSEncryptedKMS at rovn-staging/Edge/SilencedTopic\n"
        "    why: it is acknowledged without its pack"
    ) in str(refused.value)


def plugin(report: Json, name: str) -> Json:
    return next(p for p in report["pluginReports"] if p["pluginName"] == name)


def without_a_pack(report: Json) -> None:
    report["pluginReports"].remove(plugin(report, "PCI.DSS.321"))


def a_pack_twice(report: Json) -> None:
    report["pluginReports"].append(plugin(report, "PCI.DSS.321"))


def a_pack_that_fell_over(report: Json) -> None:
    fallen = {"conclusion": "failure", "violations": [], "metadata": {"error": "it fell over"}}
    plugin(report, "PCI.DSS.321").update(fallen)


def a_finding_elsewhere(report: Json) -> None:
    plugin(report, "AwsSolutions")["violations"].append(
        violation("AwsSolutions-KMS5", "rovn-production/Edge/SoundTopic")
    )


def a_finding_of_nothing_known(report: Json) -> None:
    plugin(report, "AwsSolutions")["violations"].append(
        violation("AwsSolutions-KMS5", "rovn-production/Edge/Nothing")
    )


def an_unknown_rule(report: Json) -> None:
    plugin(report, "AwsSolutions")["violations"].append(
        violation("AwsSolutions-KMS6", "rovn-production/Edge/SoundKey")
    )


def without_violations(report: Json) -> None:
    del plugin(report, "AwsSolutions")["violations"]


def violation(rule: str, path: str) -> Json:
    return {
        "ruleName": rule,
        "description": "The key is not rotated.",
        "violatingConstructs": [{"constructPath": path}] if path else [],
    }


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_a_pack, "  PCI.DSS.321\n    why: the pack ran 0 times"),
        (a_pack_twice, "  PCI.DSS.321\n    why: the pack ran 2 times"),
        (a_pack_that_fell_over, "  PCI.DSS.321\n    why: the pack did not run: it fell over"),
        (without_violations, "  validation-report.json\n    why: it cannot be read"),
        (
            a_finding_elsewhere,
            "  AwsSolutions-KMS5 at rovn-production/Edge/SoundTopic\n"
            "    why: cdk-nag found it where its source, as read here, asks nobody",
        ),
        (a_finding_of_nothing_known, "  AwsSolutions-KMS5 at rovn-production/Edge/Nothing\n"),
        (an_unknown_rule, "  AwsSolutions-KMS6 at rovn-production/Edge/SoundKey\n"),
    ],
)
def test_a_report_that_proves_nothing_is_refused(
    small: Path,
    tmp_path: Path,
    environment: Environment,
    spoil: Callable[[Json], None],
    said: str,
) -> None:
    folder = doctored(small, tmp_path, "validation-report.json", spoil)
    with pytest.raises(RefusedError) as refused:
        nag_judged(folder, environment, [WAIVED], DAY)
    assert said in str(refused.value)


def doctored(small: Path, tmp_path: Path, file: str, spoil: Callable[[Json], None]) -> Path:
    folder = tmp_path / "small"
    shutil.copytree(small, folder)
    data = json.loads((folder / file).read_text("utf-8"))
    spoil(data)
    (folder / file).write_text(json.dumps(data), "utf-8")
    return folder


def test_a_finding_at_no_construct_fails_the_environment(
    small: Path, tmp_path: Path, environment: Environment
) -> None:
    def spoil(report: Json) -> None:
        plugin(report, "AwsSolutions")["violations"].append(violation("AwsSolutions-KMS5", ""))

    folder = doctored(small, tmp_path, "validation-report.json", spoil)
    found = {one.judge.name: one for one in nag_judged(folder, environment, [WAIVED], DAY)}
    assert rows(found, "AwsSolutions-KMS5")[""].verdict is Verdict.FAIL


@pytest.mark.parametrize("file", ["validation-report.json", "tree.json", "manifest.json"])
def test_an_assembly_without_one_of_its_files_is_refused(
    small: Path, tmp_path: Path, environment: Environment, file: str
) -> None:
    folder = tmp_path / "small"
    shutil.copytree(small, folder)
    (folder / file).unlink()
    with pytest.raises(RefusedError, match=file):
        nag_judged(folder, environment, (), DAY)


def edge(tree: Json) -> Json:
    return tree["tree"]["children"]["rovn-production"]["children"]["Edge"]["children"]


def test_a_construct_in_no_template_is_refused(
    small: Path, tmp_path: Path, environment: Environment
) -> None:
    def spoil(tree: Json) -> None:
        lost = edge(tree)["SoundKey"]
        edge(tree)["LostKey"] = lost | {"path": "rovn-production/Edge/LostKey"}

    folder = doctored(small, tmp_path, "tree.json", spoil)
    with pytest.raises(RefusedError, match="no template has rovn-production/Edge/LostKey"):
        nag_judged(folder, environment, (), DAY)


def test_a_resource_in_no_construct_is_a_gap(
    small: Path, tmp_path: Path, environment: Environment
) -> None:
    folder = doctored(small, tmp_path, "tree.json", lambda tree: edge(tree).pop("SoundKey"))
    found = {one.judge.name: one for one in nag_judged(folder, environment, [WAIVED], DAY)}
    assert "SoundKey" not in rows(found, "AwsSolutions-KMS5")
    for pack in found.values():
        assert "is no construct: SoundKey in assembly-rovn-production/" in pack.gaps[0]


def test_a_rule_that_is_not_understood_claims_nothing(
    small: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = nag_sources()
    rules = tuple(
        replace(rule, question=None, unread="lib/rules/x.js: it switches")
        if rule.id == "AwsSolutions-KMS5"
        else rule
        for rule in sources.packs["AwsSolutions"]
    )
    unread = replace(sources, packs={**sources.packs, "AwsSolutions": rules})
    monkeypatch.setattr(nag, "nag_sources", lambda: unread)
    found = {one.judge.name: one for one in nag_judged(small, environment, [WAIVED], DAY)}
    left = rows(found, "AwsSolutions-KMS5")
    assert {name: row.verdict for name, row in left.items()} == {"SpoiledKey": Verdict.FAIL}
    assert found["AwsSolutions"].gaps[0] == (
        "What AwsSolutions-KMS5 asks could not be read (lib/rules/x.js: it switches): "
        "no pass of it is known."
    )


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("name", known_environments())
def test_the_reading_holds_on_every_environment(assembly: Assembly, name: str) -> None:
    """No finding falls where the reading says that nobody was asked: that would be refused."""
    environment = load_environment(name)
    waived = waived_for(PACKS, load_waivers(), [environment])
    found = nag_judged(assembly.directory, environment, waived, DAY)
    assert tuple(one.judge.name for one in found) == PACKS
    verdicts = {row.verdict for one in found for row in one.rows}
    assert verdicts == {
        Verdict.WAIVED,
        Verdict.PASS,
        Verdict.NO_FINDING,
        Verdict.NOT_APPLICABLE,
    }
    covered = {
        (f"{row.judge}::{row.message.partition(': ')[0]}", row.construct_path)
        for one in found
        for row in one.rows
        if row.verdict is Verdict.WAIVED
    }
    assert len(covered) == len(waived)
    paths = {row.construct_path.partition("/")[0] for one in found for row in one.rows}
    assert paths == {"", environment.slug, f"{environment.slug}-bootstrap"}
    assert all("could not be read" not in gap for one in found for gap in one.gaps)


def test_the_same_assembly_gives_the_same_rows(
    small: Path, tmp_path: Path, environment: Environment, judged: dict[str, Judged]
) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(small, other)
    assert nag_judged(other, environment, [WAIVED], DAY) == tuple(judged.values())
