"""Synthesis is hermetic: no network, no look-up, no machine in it; and it refuses bad input."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assembly import ROOT, Assembly
from tests.conftest import synthesize

NO_NETWORK = Path(__file__).parent / "no_network"


def contents(assembly: Assembly) -> dict[str, bytes]:
    files = (path for path in assembly.directory.rglob("*") if path.is_file())
    return {path.relative_to(assembly.directory).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Synthesize again with another home, language and time zone; any connection raises."""
    home = tmp_path_factory.mktemp("another_home")
    return synthesize(
        tmp_path_factory.mktemp("elsewhere") / "out",
        HOME=str(home),
        TZ="Pacific/Auckland",
        LANG="tr_TR.UTF-8",
        NODE_OPTIONS=f"--require {NO_NETWORK / 'guard.cjs'}",
        PYTHONPATH=str(NO_NETWORK),
    )


def test_two_syntheses_are_byte_identical(assembly: Assembly, elsewhere: Assembly) -> None:
    first, second = contents(assembly), contents(elsewhere)
    assert sorted(first.keys() ^ second.keys()) == []
    assert [name for name in first if first[name] != second[name]] == []


def test_the_network_guard_guards() -> None:
    """Else the synthesis above would prove nothing."""
    python = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 9))"],
        env=os.environ | {"PYTHONPATH": str(NO_NETWORK)},
        capture_output=True,
        text=True,
        check=False,
    )
    node = subprocess.run(
        [
            Path(sys.executable).with_name("node"),
            *("--require", NO_NETWORK / "guard.cjs"),
            *("--eval", "require('net').connect(9, '127.0.0.1')"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    for run in (python, node):
        assert run.returncode != 0
        assert "synthesis must not use the network" in run.stderr


def test_the_cdk_cli_writes_the_same_templates(assembly: Assembly, tmp_path: Path) -> None:
    """What is reviewed, checked and deployed is one thing, whichever way it was synthesized."""
    out = tmp_path / "out"
    cdk("synth", "**", "--quiet", "--output", str(out))
    for path in assembly.directory.rglob("*.template.json"):
        same = out / path.relative_to(assembly.directory)
        assert same.read_bytes() == path.read_bytes(), path.name


def test_the_cdk_cli_lists_every_stack() -> None:
    assert cdk("ls").splitlines() == [
        f"{slug}{stage}/{part} ({slug}-{name})"
        for slug in ("rovn-production", "rovn-staging")
        for stage, part, name in (
            ("-bootstrap", "Bootstrap", "bootstrap"),
            ("-bootstrap", "Execution", "execution"),
            ("-bootstrap", "Access", "access"),
            ("", "Network", "network"),
            ("", "Audit", "audit"),
            ("", "EdgeKey", "edge-key"),
            ("", "Secrets", "secrets"),
            ("", "Alerts", "alerts"),
            ("", "EdgeAlerts", "edge-alerts"),
            ("", "BackupCopy", "backup-copy"),
            ("", "Data", "data"),
            ("", "Rotation", "rotation"),
            ("", "Registry", "registry"),
            ("", "Delivery", "delivery"),
            ("", "Platform", "platform"),
            ("", "ReleaseGate", "release-gate"),
            ("", "Records", "records"),
            ("", "SecretWatch", "secret-watch"),
            ("", "SecretReaders", "secret-readers"),
            ("", "IdentityEvents", "identity-events"),
            ("", "Slack", "slack"),
            ("", "EventWatch", "event-watch"),
            ("", "Costs", "costs"),
            ("", "PassportApi", "passport-api"),
            ("", "Canary", "canary"),
            ("", "Probes", "probes"),
            ("", "Alarms", "alarms"),
            ("", "Paging", "paging"),
            ("", "Dashboards", "dashboards"),
        )
    ]


def cdk(*arguments: str) -> str:
    """Run the pinned CLI with the pinned Node.js, as the Makefile does."""
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [ROOT / "node_modules" / ".bin" / "cdk", *arguments],
        cwd=ROOT,
        env=os.environ | {"PATH": binaries},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "end of life" not in (run.stdout + run.stderr).lower()
    return run.stdout


def test_cfn_lint_has_no_error_or_warning(assembly: Assembly) -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), assembly.directory / "*/*.template.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "")


def test_nothing_is_looked_up_in_an_account(assembly: Assembly) -> None:
    assert not any(manifest.get("missing") for manifest in assembly.manifests())


def test_nothing_of_this_machine_is_in_the_assembly(assembly: Assembly) -> None:
    for name, content in contents(assembly).items():
        assert str(ROOT).encode() not in content, name


def test_every_template_says_whose_it_is(assembly: Assembly) -> None:
    for stack, template in assembly.templates.items():
        label = template["Metadata"]["Runbook"]
        assert set(label) == {"Organisation", "Environment", "Tier"}
        assert stack.startswith(f"{label['Organisation']}-{label['Environment']}-")


@pytest.mark.clause("ROVN-CST-1")
def test_everything_that_can_be_tagged_says_whose_it_costs(assembly: Assembly) -> None:
    """ROVN-CST-1's door: cost allocation by these tags."""
    for template in assembly.templates.values():
        label = template["Metadata"]["Runbook"]
        expected = {f"runbook:{key.lower()}": value for key, value in label.items()}
        # A budget has its tags under another name.
        tagged = [
            r["Properties"][key]
            for r in template["Resources"].values()
            for key in ("Tags", "ResourceTags")
            if key in r["Properties"]
        ]
        # Managed policies are all that a bootstrap has, and CloudFormation cannot tag them.
        types = {r["Type"] for r in template["Resources"].values()}
        assert tagged or types == {"AWS::IAM::ManagedPolicy"}
        for tags in tagged:
            # Parameters of Systems Manager take a map, everything else a list.
            found = tags if isinstance(tags, dict) else {t["Key"]: t["Value"] for t in tags}
            assert expected.items() <= found.items()
        taggable = {"AWS::S3::Bucket", "AWS::KMS::Key", "AWS::EC2::VPC", "AWS::EC2::Subnet"}
        assert all(
            "Tags" in r["Properties"]
            for r in template["Resources"].values()
            if r["Type"] in taggable
        )


def test_stacks_that_hold_data_cannot_be_deleted(assembly: Assembly) -> None:
    protected = {
        artifact["properties"]["stackName"]
        for manifest in assembly.manifests()
        for artifact in manifest["artifacts"].values()
        if artifact.get("properties", {}).get("terminationProtection")
    }
    parts = ("passport-api", "slack", "costs", "alarms", "probes", "dashboards")
    rebuilt = {stack for stack in assembly.templates if stack.endswith(parts)}
    assert protected == set(assembly.templates) - rebuilt


def app(
    context: dict[str, str], outdir: Path, root: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, root / "app.py"],
        env=os.environ | {"CDK_OUTDIR": str(outdir), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_environment_alone_is_the_same_as_among_all(assembly: Assembly, tmp_path: Path) -> None:
    assert app({"environment": "rovn/staging"}, tmp_path).returncode == 0
    alone = Assembly(tmp_path)
    assert set(alone.templates) == {s for s in assembly.templates if s.startswith("rovn-staging-")}
    for stack, template in alone.templates.items():
        assert template == assembly.template(stack)


def test_an_environment_can_be_placed_in_another_account_and_region(tmp_path: Path) -> None:
    context = {"environment": "rovn/staging", "account": "999988887777", "region": "us-east-1"}
    assert app(context, tmp_path).returncode == 0
    text = json.dumps(Assembly(tmp_path).templates)
    assert "999988887777" in text
    assert "us-east-1a" in text
    assert "444455556666" not in text
    # But where the fallback models are: a profile sends requests to each of its regions.
    assert "us-east-2" not in text.replace("arn:aws:bedrock:us-east-2::foundation-model", "")


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"environment": "typo"}, "fix: known: rovn/production, rovn/staging"),
        ({"account": "999988887777"}, "only one environment at a time"),
        ({"environment": "rovn/staging", "region": "moon"}, "AWS has no region 'moon'"),
    ],
)
def test_impossible_context_is_refused_in_words(
    tmp_path: Path, context: dict[str, str], reason: str
) -> None:
    assert_refused(app(context, tmp_path / "out"), tmp_path / "out", reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "it is empty"), (b"\xff", "byte 0 is not UTF-8"), (b"a =", "it is not TOML")],
)
def test_a_broken_file_is_refused_and_nothing_is_written(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    for name in ("app.py", "cdk.json"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("runbook", "stacks", "environments"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "environments/rovn/production.toml").write_bytes(content)
    assert_refused(app({}, tmp_path / "out", tmp_path), tmp_path / "out", reason)


@pytest.mark.parametrize("context", ["[]", "no json"])
def test_a_context_that_is_no_object_is_refused(tmp_path: Path, context: str) -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "app.py"],
        env=os.environ | {"CDK_OUTDIR": str(tmp_path / "out"), "CDK_CONTEXT_JSON": context},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_refused(run, tmp_path / "out", "it is not a JSON object")


def assert_refused(run: subprocess.CompletedProcess[str], outdir: Path, reason: str) -> None:
    assert run.returncode != 0
    assert reason in run.stderr
    assert "    fix: " in run.stderr
    assert "Traceback" not in run.stderr + run.stdout
    assert not outdir.exists()
