"""The rule packs of cdk-nag: which rules they hold, that each runs, and that nothing slips by."""

import json
import re
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from policies.waivable_rules import PACKS
from policies.waivers import load_waivers
from policies.waiving import waived_for
from runbook.model.loader import known_environments, load_environment
from tests.assembly import ROOT, Assembly

RULE_IDS = Path(__file__).parent / "rule_ids"
MODULES = dict(
    zip(PACKS, ("aws-solutions", "hipaa-security", "nist-800-53-r5", "pci-dss-321"), strict=True)
)
_RULE = re.compile(r"ruleSuffixOverride: '(?P<short>[^']+)'|^ +rule: \w+\.(?P<long>\w+),$", re.M)


def rule_ids(pack: str) -> list[str]:
    """Read a pack's rules in the installed package; the packs themselves tell no list."""
    # Found, not imported: that would start jsii.
    spec = find_spec("cdk_nag")
    assert spec is not None
    assert spec.origin is not None
    (bundle,) = (Path(spec.origin).parent / "_jsii").glob("*.tgz")
    with tarfile.open(bundle) as archive:
        source = archive.extractfile(f"package/lib/packs/{MODULES[pack]}.js")
        assert source is not None
        calls = source.read().decode().split("this.applyRule({")[1:]
    found = []
    for call in calls:
        match = _RULE.search(call)
        assert match is not None
        found.append(f"{pack}-{match['short'] or match['long']}")
    return sorted(found)


@pytest.mark.parametrize("pack", PACKS)
def test_the_rules_of_a_pack_are_these(pack: str) -> None:
    """A new version of cdk-nag that drops a rule is seen here; write the file anew, and say so."""
    attached = (RULE_IDS / f"{MODULES[pack]}.txt").read_text("utf-8").split()
    assert rule_ids(pack) == attached
    assert len(attached) > 50


def plugins(directory: Path) -> dict[str, dict[str, Any]]:
    report = json.loads((directory / "validation-report.json").read_text("utf-8"))
    return {plugin["pluginName"]: plugin for plugin in report["pluginReports"]}


def records(plugin: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (violation["acknowledgedId"], construct["constructPath"], violation["reason"])
        for violation in plugin["suppressedViolations"]
        for construct in violation["violatingConstructs"]
    }


def test_every_environment_is_under_every_pack(assembly: Assembly) -> None:
    """A pack without a finding is silent; each finds something here, if only what is waived."""
    found = plugins(assembly.directory)
    assert found.keys() == set(PACKS)
    slugs = {load_environment(name).slug for name in known_environments()}
    bootstraps = {f"{slug}-bootstrap" for slug in slugs}
    for plugin in found.values():
        assert plugin["conclusion"] == "success"
        assert plugin["violations"] == []
        assert {path.split("/")[0] for _, path, _ in records(plugin)} - bootstraps == slugs


def test_every_waiver_leaves_its_record_and_nothing_else_is_suppressed(assembly: Assembly) -> None:
    environments = [load_environment(name) for name in known_environments()]
    expected = waived_for(PACKS, load_waivers(), environments)
    suppressed = [records(plugin) for plugin in plugins(assembly.directory).values()]
    assert set().union(*suppressed) == {(w.rule, w.path, w.reason) for w in expected}


class SmallApps:
    """What the synthesis of each small application said."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.policies.small_apps", str(folder)]
        run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        self.folder = folder
        self._verdicts: dict[str, str | None] = json.loads(run.stdout)

    def passes(self, name: str) -> bool:
        return self._verdicts[name] is None

    def refusal(self, name: str) -> str:
        said = self._verdicts[name]
        assert said is not None
        return said


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> SmallApps:
    return SmallApps(tmp_path_factory.mktemp("small_apps"))


def test_a_happy_app_passes(apps: SmallApps) -> None:
    assert apps.passes("happy")


@pytest.mark.parametrize("pack", PACKS)
def test_each_pack_finds_one_spoiled_property(apps: SmallApps, pack: str) -> None:
    """The group is open to the internet: rule, construct and explanation are told."""
    name = "EC23" if pack == "AwsSolutions" else "EC2RestrictedSSH"
    said = apps.refusal("spoiled")
    assert f'"{pack}::{pack}-{name}"' in said
    assert '"Edge/One"' in said
    why = {
        "EC23": "The Security Group allows for 0.0.0.0/0 or ::/0 inbound access. Large port",
        "EC2RestrictedSSH": "The Security Group allows unrestricted SSH access. Not allowing",
    }
    assert f"    why: {why[name]}" in said
    assert "Control ID" not in said


@pytest.mark.parametrize("pack", PACKS)
def test_what_a_rule_cannot_read_is_a_finding(apps: SmallApps, pack: str) -> None:
    name = "EC23" if pack == "AwsSolutions" else "EC2RestrictedSSH"
    said = apps.refusal("unreadable")
    assert f'"{pack}::{pack}-{name}"' in said
    assert "why: Rule threw an error during validation. The parameter resolved to" in said


def test_a_waiver_suppresses_exactly_its_finding_and_leaves_a_record(apps: SmallApps) -> None:
    said = apps.refusal("waived")
    aws, others = said.split("  EC2RestrictedSSH")
    assert '"Edge/Two"' in aws
    assert '"Edge/One"' not in aws
    assert '"Edge/One"' in others
    found = plugins(apps.folder / "waived")
    assert records(found["AwsSolutions"]) == {
        (
            "AwsSolutions::AwsSolutions-EC23",
            "rovn-production/Edge/One",
            "Open to the internet for this test.",
        )
    }
    assert [v["ruleName"] for v in found["AwsSolutions"]["violations"]] == ["AwsSolutions-EC23"]


def test_a_waiver_without_a_construct_refuses(apps: SmallApps) -> None:
    assert apps.refusal("no construct") == (
        "policies/waivers.toml is refused:\n"
        "\n"
        "  waiver of Edge/Ones\n"
        "    why: there is no construct rovn-production/Edge/Ones\n"
        "    fix: did you mean One? rovn-production/Edge has Address, One"
    )


def test_a_waiver_without_a_finding_refuses(apps: SmallApps) -> None:
    said = apps.refusal("unused")
    assert "  policies/waivers.toml waiver of Edge/One\n    why: it suppresses nothing: " in said
    assert "AwsSolutions::AwsSolutions-EC23 at rovn-production/Edge/One\n" in said


def test_a_pack_that_raises_fails_closed(apps: SmallApps) -> None:
    said = apps.refusal("broken")
    assert (
        "  AwsSolutions\n    why: Validation plugin 'AwsSolutions' failed: the pack fell over"
        in (said)
    )
