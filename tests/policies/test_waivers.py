"""policies/waivers.toml: a happy file, and each way to spoil it told with entry, why and fix."""

from datetime import date
from pathlib import Path

import pytest

from policies.waivers import WAIVERS, Waived, load_waivers, waived_findings
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import RefusedError

HAPPY = """\
# The buckets.
[[waiver]]
rules = ["AwsSolutions::AwsSolutions-S1", "PCI.DSS.321::PCI.DSS.321-S3BucketLoggingEnabled"]
paths = ["Audit/AccessLogs/Resource", "Audit/Others/Resource"]
reason = "A bucket of access logs cannot log itself."
owner = "platform-engineering"
expires = 2027-05-31

[[waiver]]
rules = ["AwsSolutions::AwsSolutions-IAM5[Resource::arn:aws:{region}:{account}:/{name}:{slug}*]"]
paths = ["Audit/Policy/Resource"]
environments = ["rovn/staging"]
reason = "The streams are named by AWS itself."
owner = "platform-engineering"
expires = 2027-05-31
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir()
    return folder / "waivers.toml"


def refusal(file: Path, content: str) -> str:
    file.write_text(content, "utf-8")
    with pytest.raises(RefusedError) as refused:
        load_waivers(file)
    return str(refused.value)


def test_a_waiver_expects_each_rule_at_each_path_of_each_environment(file: Path) -> None:
    file.write_text(HAPPY, "utf-8")
    first, second = load_waivers(file)
    assert (first.entry, second.entry) == ("waiver[0] (line 2)", "waiver[1] (line 9)")
    assert first.stated.expires == date(2027, 5, 31)
    production, staging = map(load_environment, ("rovn/production", "rovn/staging"))
    found = waived_findings([first, second], [production, staging])
    assert len(found) == 4 + 4 + 1
    assert found[0] == Waived(
        rule="AwsSolutions::AwsSolutions-S1",
        path="rovn-production/Audit/AccessLogs/Resource",
        reason="A bucket of access logs cannot log itself.",
        entry="waiver[0] (line 2)",
        expires=date(2027, 5, 31),
    )
    place = f"arn:aws:{staging.region}:{staging.account}"
    granular = f"Resource::{place}:/rovn/staging:rovn-staging*"
    assert found[-1].rule == f"AwsSolutions::AwsSolutions-IAM5[{granular}]"
    assert found[-1].path == "rovn-staging/Audit/Policy/Resource"


def test_a_waiver_reaches_the_stage_of_the_bootstrap_by_its_name(file: Path) -> None:
    path = "{slug}-bootstrap/Access/Deploy/Policy/Resource"
    file.write_text(HAPPY.replace("Audit/Policy/Resource", path), "utf-8")
    found = waived_findings(load_waivers(file), [load_environment("rovn/staging")])
    assert found[-1].path == "rovn-staging-bootstrap/Access/Deploy/Policy/Resource"


def test_no_waiver_at_all_is_a_file(file: Path) -> None:
    file.write_text("# none\n", "utf-8")
    assert load_waivers(file) == ()


@pytest.mark.parametrize(
    ("old", "new", "entry", "why", "fix"),
    [
        (
            '"A bucket of access logs cannot log itself."',
            '" "',
            "waiver[0] (line 2).reason",
            "the reason is empty",
            "say in a sentence why the finding does no harm here",
        ),
        (
            '"A bucket of access logs cannot log itself."',
            '"Not applicable."',
            "waiver[0] (line 2).reason",
            "'Not applicable.' explains nothing",
            "say in a sentence",
        ),
        (
            'reason = "A bucket of access logs cannot log itself."\n',
            "",
            "waiver[0] (line 2).reason",
            "this key is missing",
            "add waiver[0].reason to the file",
        ),
        (
            'owner = "platform-engineering"\nexpires = 2027-05-31\n\n',
            "expires = 2027-05-31\n\n",
            "waiver[0] (line 2).owner",
            "this key is missing",
            "add waiver[0].owner to the file",
        ),
        (
            'owner = "platform-engineering"\nexpires = 2027-05-31\n\n',
            'owner = "A. Person"\nexpires = 2027-05-31\n\n',
            "waiver[0] (line 2).owner",
            "'A. Person' is not a role",
            "name who answers for it as a role",
        ),
        (
            "expires = 2027-05-31\n\n",
            "\n",
            "waiver[0] (line 2).expires",
            "this key is missing",
            "add waiver[0].expires to the file",
        ),
        (
            "expires = 2027-05-31\n\n",
            'expires = "2027-05-31"\n\n',
            "waiver[0] (line 2).expires",
            "valid date",
            "without quotes",
        ),
        (
            '"AwsSolutions::AwsSolutions-S1"',
            '"AwsSolutions-S1"',
            "waiver[0] (line 2).rules[0]",
            "'AwsSolutions-S1' does not name its pack: a finding waived so would vanish",
            "write AwsSolutions::AwsSolutions-S1",
        ),
        (
            '"AwsSolutions::AwsSolutions-S1"',
            '"Serverless::Serverless-X"',
            "waiver[0] (line 2).rules[0]",
            "does not name its pack",
            "packs: AwsSolutions, HIPAA.Security, NIST.800.53.R5, PCI.DSS.321, Runbook, "
            "cfn-lint, checkov",
        ),
        (
            '"AwsSolutions::AwsSolutions-S1"',
            '"Runbook::key-rotatoin"',
            "waiver[0] (line 2).rules[0]",
            "there is no rule 'key-rotatoin'",
            "did you mean Runbook::key-rotation?",
        ),
        (
            '"AwsSolutions::AwsSolutions-S1"',
            '"Runbook::audit-bucket-lock"',
            "waiver[0] (line 2).rules[0]",
            "audit-bucket-lock cannot be waived: The audit bucket is locked",
            "Leave object_lock",
        ),
        (
            '"AwsSolutions::AwsSolutions-S1"',
            '"Runbook::*"',
            "waiver[0] (line 2).rules[0]",
            "there is no rule '*'",
            "see policies/rules",
        ),
        (
            '"AwsSolutions::AwsSolutions-S1"',
            '"cfn-lint::E0000"',
            "waiver[0] (line 2).rules[0]",
            "cfn-lint has no rule 'E0000' that can be waived",
            "write it as the refusal prints it",
        ),
        (
            '"AwsSolutions::AwsSolutions-S1"',
            '"checkov::CKV_AWS_*"',
            "waiver[0] (line 2).rules[0]",
            "checkov has no rule 'CKV_AWS_*' that can be waived",
            "write it as the refusal prints it",
        ),
        (
            'rules = ["AwsSolutions::AwsSolutions-S1", '
            '"PCI.DSS.321::PCI.DSS.321-S3BucketLoggingEnabled"]',
            "rules = []",
            "waiver[0] (line 2).rules",
            "the list is empty",
            "list at least one, or remove the waiver",
        ),
        (
            '"Audit/AccessLogs/Resource"',
            '"/Audit"',
            "waiver[0] (line 2).paths[0]",
            "'/Audit' is not a construct's path",
            "without the environment: Audit/AccessLogs/Resource",
        ),
        (
            '["rovn/staging"]',
            '["rovn/stagin"]',
            "waiver[1] (line 9).environments[0]",
            "there is no environment 'rovn/stagin'",
            "known: rovn/production, rovn/staging",
        ),
        (
            'rules = ["AwsSolutions::AwsSolutions-S1"',
            'rule = "x"\nrules = ["AwsSolutions::AwsSolutions-S1"',
            "waiver[0] (line 2).rule",
            "this key is unknown",
            "did you mean 'rules'?",
        ),
        (
            '"Audit/AccessLogs/Resource", "Audit/Others/Resource"',
            '"Audit/Others/Resource", "Audit/Others/Resource"',
            "waiver[0] (line 2)",
            "AwsSolutions::AwsSolutions-S1 at Audit/Others/Resource is waived in "
            "waiver[0] (line 2) already",
            "keep one of the two",
        ),
    ],
)
def test_each_way_to_spoil_it_is_told(
    file: Path, old: str, new: str, entry: str, why: str, fix: str
) -> None:
    assert old in HAPPY
    message = refusal(file, HAPPY.replace(old, new, 1))
    assert message.startswith("policies/waivers.toml is refused:\n")
    lines = message.splitlines()
    at = lines.index(f"  {entry}")
    assert lines[at + 1].startswith("    why: ")
    assert why in lines[at + 1]
    assert lines[at + 2].startswith("    fix: ")
    assert fix in lines[at + 2]


def test_two_waivers_of_one_finding_are_refused_where_their_environments_meet(file: Path) -> None:
    one = HAPPY.split("\n\n")[1]
    elsewhere = one.replace("rovn/staging", "rovn/production")
    file.write_text(f"{one}\n{elsewhere}", "utf-8")
    assert len(load_waivers(file)) == 2
    everywhere = one.replace('environments = ["rovn/staging"]\n', "")
    message = refusal(file, f"{one}\n{everywhere}")
    assert "is waived in waiver[0] (line 1) already" in message
    assert message.count("why:") == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[[waiver]", "it is not TOML"),
        ("[waiver]\n", "should be a valid tuple"),
        ("waiver = [{}]\n", "this key is missing"),
        ("[[waivers]]\n", "this key is unknown"),
    ],
)
def test_what_is_no_list_of_waivers_is_refused(file: Path, content: str, why: str) -> None:
    message = refusal(file, content)
    assert why in message
    assert "    fix: " in message


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(RefusedError, match="it cannot be read"):
        load_waivers(file)


def test_the_file_of_the_repository_is_accepted() -> None:
    waivers = load_waivers(WAIVERS)
    environments = [load_environment(name) for name in known_environments()]
    found = waived_findings(waivers, environments)
    assert len(found) == len(set(found)) > 0
