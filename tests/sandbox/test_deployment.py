"""The CLI's output becomes a line when a stack begins, one when it is done, and every failure."""

from __future__ import annotations

from sandbox.deployment import Reporter

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
