"""The four packs of cdk-nag. Imports nothing else, so that they are under way early."""

from tempfile import TemporaryDirectory

from aws_cdk import App, CfnResource, IPolicyValidationPlugin, Stack, Validations
from cdk_nag import (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R5Checks,
    PCIDSS321Checks,
)


def packs() -> list[IPolicyValidationPlugin]:
    """Make the four packs; ``verbose`` tells why a rule exists, not only that it triggered."""
    return [
        AwsSolutionsChecks(verbose=True),
        HIPAASecurityChecks(verbose=True),
        NIST80053R5Checks(verbose=True),
        PCIDSS321Checks(verbose=True),
    ]


def warm_up() -> None:
    """Run the packs on one resource of no service, and throw the result away.

    A rule asks each resource whether it is of the rule's type, so Node.js loads the module of
    every service that any rule knows: half of what the packs take.
    """
    with TemporaryDirectory() as outdir:
        app = App(analytics_reporting=False, outdir=outdir, stack_traces=False)
        CfnResource(Stack(app, "Stack"), "Resource", type="AWS::CDK::Metadata")
        Validations.of(app).add_plugins(*packs())
        app.synth()
