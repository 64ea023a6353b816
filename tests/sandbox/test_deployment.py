"""Stacks get the parameters they ask for, and the CLI's output becomes a few lines.

One when a stack begins, one when it is done, and every failure.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.cloud_assembly import SynthesizedStack
from sandbox.deployment import Deployment, Parameter, Reporter, parameters_to_give
from sandbox.endpoint import Endpoint
from sandbox.failure import SandboxError
from sandbox.workplace import Workplace

OUTPUT = """
stack-a: start: Building stack-a Template
stack-a |  0/16 | 10:45:12 PM | REVIEW_IN_PROGRESS   | AWS::CloudFormation::Stack | stack-a
stack-a |  1/16 | 10:45:12 PM | CREATE_COMPLETE      | AWS::EC2::VPC     | Vpc (Vpc123)
stack-b |  2/16 | 10:45:12 PM | CREATE_FAILED        | AWS::S3::Bucket   | Bucket (B) no such luck

 ✅  stage/A (stack-a)
"""


def test_reports_stacks_and_failures() -> None:
    progress: list[str] = []
    details: list[str] = []
    reporter = Reporter(progress.append, details.append)
    for line in OUTPUT.splitlines():
        reporter.line(line)
    assert progress[:2] == ["stack-a …", "stack-b …"]
    assert "CREATE_FAILED" in progress[2]
    assert "no such luck" in progress[2]
    assert progress[3:] == ["✓ stage/A (stack-a)"]
    assert "stack-a 1/16 AWS::EC2::VPC Vpc (Vpc123)" in details


def stack(**parameters: dict[str, str]) -> SynthesizedStack:
    template = {"Parameters": parameters, "Resources": {}}
    return SynthesizedStack(
        "some-api", "111122223333", "us-east-2", termination_protection=False, template=template
    )


def test_gives_an_image_tag_to_the_stacks_that_ask_for_one() -> None:
    asking = stack(ImageTag={"Type": "String"}, BootstrapVersion={"Default": "/cdk-bootstrap"})
    other = stack(ImageTag={"Type": "String", "Default": "kept"})
    bare = replace(other, template={"Resources": {}})
    given = parameters_to_give([asking, other, bare], "prod-20261121093000")
    assert given == [Parameter("some-api", "ImageTag", "prod-20261121093000")]


def test_refuses_a_parameter_it_knows_no_value_for() -> None:
    with pytest.raises(SandboxError, match="some-api has a parameter Password without default"):
        parameters_to_give([stack(Password={"Type": "String"})], "prod-20261121093000")


def test_tells_the_cli_each_parameter_by_its_stack(workplace: Workplace) -> None:
    told: list[tuple[str, ...]] = []

    class Told(Deployment):
        def _cdk(self, _endpoint: Endpoint, command: str, *arguments: str) -> None:
            told.append((command, *arguments))

    deployment = Told(workplace, print, print)
    endpoint = Endpoint("http://127.0.0.1:9", "111122223333", "us-east-2")
    deployment.bootstrap(endpoint, ["us-east-2", "us-west-2"], ["--qualifier", "q"])
    deployment.deploy(endpoint, [Parameter("some-api", "ImageTag", "t")], selected="some/*")
    assert told[0] == (
        "bootstrap",
        "aws://111122223333/us-east-2",
        "aws://111122223333/us-west-2",
        "--qualifier",
        "q",
    )
    assert told[1][:4] == ("deploy", "--app", str(workplace.assembly), "some/*")
    assert told[1][4:6] == ("--parameters", "some-api:ImageTag=t")
