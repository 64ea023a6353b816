"""The judge over validation reports: what is told, and that nothing passes by mistake."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.findings import judge
from policies.waivable_rules import PACKS
from policies.waivers import Waived
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError

BUCKET = "Audit/AccessLogs/Resource"
RULE = "HIPAA.Security-S3BucketLoggingEnabled"
WAIVED = Waived(
    rule=f"HIPAA.Security::{RULE}",
    path=f"rovn-production/{BUCKET}",
    reason="It cannot log itself.",
    entry="waiver[0] (line 1)",
    expires=date(2027, 5, 31),
)


@pytest.fixture
def environments() -> list[Environment]:
    return [load_environment(name) for name in ("rovn/production", "rovn/staging")]


def violation(rule: str, *paths: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "ruleName": rule,
        "description": "It does not log - (Control IDs: 2.2, AC-2(4), 10.1). Logs tell who did it.",
        "severity": "error",
        "violatingConstructs": [{"constructPath": path} for path in paths],
        **more,
    }


def suppressed(at: str, *paths: str) -> dict[str, Any]:
    return violation(RULE, *paths, acknowledgedId=WAIVED.rule, acknowledgedAt=at)


def plugin(
    name: str = "HIPAA.Security",
    *,
    violations: list[dict[str, Any]] | None = None,
    suppressed: list[dict[str, Any]] | None = None,
    **more: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    return {
        "pluginName": name,
        "conclusion": "failure" if violations else "success",
        "violations": violations or [],
        "suppressedViolations": suppressed or [],
        **more,
    }


def verdict(
    folder: Path,
    environments: list[Environment],
    *plugins: dict[str, Any],
    waived: Sequence[Waived] = (),
) -> str | None:
    (folder / "validation-report.json").write_text(
        json.dumps({"pluginReports": list(plugins)}), "utf-8"
    )
    try:
        judge(folder, waived, environments)
    except RefusedError as refused:
        return str(refused)
    return None


def test_no_finding_and_no_waiver_passes(tmp_path: Path, environments: list[Environment]) -> None:
    assert verdict(tmp_path, environments) is None


def test_a_waived_finding_passes(tmp_path: Path, environments: list[Environment]) -> None:
    report = plugin(suppressed=[suppressed(WAIVED.path, WAIVED.path)])
    assert verdict(tmp_path, environments, report, waived=[WAIVED]) is None


def test_one_cause_is_told_once_with_the_waiver_it_would_take(
    tmp_path: Path, environments: list[Environment]
) -> None:
    paths = [f"{slug}/{BUCKET}" for slug in ("rovn-production", "rovn-staging")]
    others = [path.replace("AccessLogs", "AccessLogs2") for path in paths]
    reports = [
        plugin(pack, violations=[violation(f"{pack}-S3BucketLoggingEnabled", *paths, *others)])
        for pack in ("HIPAA.Security", "PCI.DSS.321")
    ]
    assert verdict(tmp_path, environments, *reports) == (
        "the synthesis of rovn/production, rovn/staging is refused:\n"
        "\n"
        "  S3BucketLoggingEnabled, in rovn/production, rovn/staging\n"
        "    why: It does not log. Logs tell who did it.\n"
        "    fix: change the constructs, or waive it in policies/waivers.toml "
        "(docs/decisions/0014)\n"
        "      [[waiver]]\n"
        "      rules = [\n"
        '          "HIPAA.Security::HIPAA.Security-S3BucketLoggingEnabled",\n'
        '          "PCI.DSS.321::PCI.DSS.321-S3BucketLoggingEnabled",\n'
        "      ]\n"
        "      paths = [\n"
        '          "Audit/AccessLogs/Resource",\n'
        '          "Audit/AccessLogs2/Resource",\n'
        "      ]\n"
        '      reason = ""\n'
        '      owner = ""\n'
        "      expires ="
    )


def test_a_finding_in_one_environment_alone_is_told_as_its_own(
    tmp_path: Path, environments: list[Environment]
) -> None:
    report = plugin(violations=[violation(RULE, f"rovn-staging/{BUCKET}")])
    message = verdict(tmp_path, environments, report)
    assert message is not None
    assert "  S3BucketLoggingEnabled, in rovn/staging\n" in message
    assert '      environments = [\n          "rovn/staging",\n      ]\n' in message


def test_a_finding_in_the_bootstrap_is_told_by_the_path_that_waives_it(
    tmp_path: Path, environments: list[Environment]
) -> None:
    paths = [f"{e.slug}-bootstrap/Access/Deploy/Policy/Resource" for e in environments]
    said = verdict(tmp_path, environments, plugin(violations=[violation(RULE, *paths)]))
    assert said is not None
    assert "S3BucketLoggingEnabled, in rovn/production, rovn/staging" in said
    assert '"{slug}-bootstrap/Access/Deploy/Policy/Resource",' in said


def test_what_a_rule_names_is_told_as_it_is_in_any_environment(
    tmp_path: Path, environments: list[Environment]
) -> None:
    """Else the same wildcard in two accounts would ask for two waivers."""
    report = plugin(
        "AwsSolutions",
        violations=[
            violation(
                f"AwsSolutions-IAM5[Resource::arn:aws:logs:{e.region}:{e.account}:/{e.name}/*]",
                f"{e.slug}/Audit/Policy/Resource",
            )
            for e in environments
        ],
    )
    message = verdict(tmp_path, environments, report)
    assert message is not None
    rule = "AwsSolutions-IAM5[Resource::arn:aws:logs:{region}:{account}:/{name}/*]"
    assert f'"AwsSolutions::{rule}"' in message
    assert message.count("why:") == 1
    assert "environments = [" not in message


def test_packs_that_differ_in_constructs_are_not_mixed(
    tmp_path: Path, environments: list[Environment]
) -> None:
    """One waiver expects each rule at each path: mixed, it would expect what is not there."""
    name = "S3BucketLoggingEnabled"
    one, two = f"rovn-staging/{BUCKET}", "rovn-staging/Audit/Two/Resource"
    message = verdict(
        tmp_path,
        environments,
        plugin(violations=[violation(RULE, one, two)]),
        plugin("PCI.DSS.321", violations=[violation(f"PCI.DSS.321-{name}", two)]),
    )
    assert message is not None
    assert message.count("[[waiver]]") == 2


@pytest.mark.parametrize("severity", ["fatal", "error", "warning", "custom"])
@pytest.mark.parametrize("name", [*PACKS, "CloudFormation Validate", "Construct Annotations"])
def test_every_finding_of_every_plugin_counts(
    tmp_path: Path, environments: list[Environment], name: str, severity: str
) -> None:
    """Warnings, too, and also where a plugin itself says that it succeeded."""
    found = violation("Rule", f"rovn-staging/{BUCKET}", severity=severity)
    message = verdict(
        tmp_path, environments, plugin(name, violations=[found], conclusion="success")
    )
    assert message is not None
    assert "Rule" in message
    assert BUCKET in message
    assert "It does not log" in message


@pytest.mark.parametrize("path", ["", "Elsewhere", "other-stage/Stack/Resource", "rovn-staging"])
def test_a_finding_outside_every_environment_cannot_be_waived(
    tmp_path: Path, environments: list[Environment], path: str
) -> None:
    message = verdict(tmp_path, environments, plugin(violations=[violation(RULE, path)]))
    assert message is not None
    assert f"{RULE} at {path}" in message
    assert "no waiver reaches it" in message


def test_a_pack_that_raised_refuses(tmp_path: Path, environments: list[Environment]) -> None:
    failed = plugin(conclusion="failure", metadata={"error": "HIPAA.Security failed: boom"})
    message = verdict(tmp_path, environments, failed)
    assert message is not None
    assert "  HIPAA.Security\n    why: HIPAA.Security failed: boom\n" in message
    assert "nothing is known about the templates" in message


def test_a_waiver_that_suppresses_nothing_refuses(
    tmp_path: Path, environments: list[Environment]
) -> None:
    assert verdict(tmp_path, environments, plugin(), waived=[WAIVED]) == (
        "the synthesis of rovn/production, rovn/staging is refused:\n"
        "\n"
        "  policies/waivers.toml waiver[0] (line 1)\n"
        "    why: it suppresses nothing: HIPAA.Security::HIPAA.Security-S3BucketLoggingEnabled "
        "at rovn-production/Audit/AccessLogs/Resource\n"
        "    fix: remove it; a path names the construct of the finding, not one above it"
    )


def test_a_waiver_above_the_construct_refuses(
    tmp_path: Path, environments: list[Environment]
) -> None:
    """It would cover whatever is added below it later."""
    above = replace(WAIVED, path="rovn-production/Audit")
    report = plugin(suppressed=[suppressed(above.path, WAIVED.path)])
    message = verdict(tmp_path, environments, report, waived=[above])
    assert message is not None
    assert f"{above.rule} at rovn-production/Audit also covers {WAIVED.path}" in message
    assert "waive each construct by its own path" in message
    assert "it suppresses nothing" in message


def test_what_is_acknowledged_in_code_refuses(
    tmp_path: Path, environments: list[Environment]
) -> None:
    report = plugin(suppressed=[suppressed(WAIVED.path, WAIVED.path)])
    message = verdict(tmp_path, environments, report)
    assert message is not None
    assert f"{WAIVED.rule} at {WAIVED.path}\n    why: it is acknowledged in code\n" in message


@pytest.mark.parametrize("content", [None, "no json", "{}"])
def test_without_a_report_nothing_passes(
    tmp_path: Path, environments: list[Environment], content: str | None
) -> None:
    if content is not None:
        (tmp_path / "validation-report.json").write_text(content, "utf-8")
    with pytest.raises(RefusedError, match="nothing shows that the packs ran"):
        judge(tmp_path, [], environments)
