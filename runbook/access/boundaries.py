"""Permission boundaries: the most that an identity can do. They grant nothing."""

from runbook.access.deploy_policy import PUSH, deploy_boundary
from runbook.access.execution_policies import cloudformation_boundary
from runbook.access.guard_rails import DELIVERY_BOUNDARY
from runbook.access.places import places
from runbook.access.policy import ManagedPolicy, Statement, policies_in
from runbook.access.preflight_reads import preflight_reads
from runbook.access.principals import Principals


def boundaries(principals: Principals) -> list[ManagedPolicy]:
    """List every boundary of an environment: of its roles, of who deploys, of CloudFormation."""
    own = {
        DELIVERY_BOUNDARY: [
            _push(principals),
            *_change_sets(principals),
            *preflight_reads(principals),
        ]
    }
    return [
        *(
            ManagedPolicy(
                principals.named(policy.name),
                policy.description,
                [*policy.statements, *own.get(policy.name, [])],
            )
            for policy in policies_in("boundaries", places(principals))
        ),
        deploy_boundary(principals),
        cloudformation_boundary(principals),
    ]


def _change_sets(principals: Principals) -> list[Statement]:
    """Let the pipeline's steps make change sets of services, and one of them execute them."""
    place = f"{principals.environment.region}:{principals.environment.account}"
    names = [principals.named(name) for name in principals.environment.services]
    stacks = [f"arn:aws:cloudformation:{place}:stack/{name}/*" for name in names]
    makers = [principals.release, principals.release_checks]
    return [
        Statement(
            "PreviewReleases",
            ["cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"],
            stacks,
            {"ArnEquals": {"aws:PrincipalArn": makers}},
        ),
        Statement(
            "Release",
            ["cloudformation:ExecuteChangeSet"],
            stacks,
            {"ArnEquals": {"aws:PrincipalArn": principals.release}},
        ),
    ]


def _push(principals: Principals) -> Statement:
    """Let none of those that deliver push but CodeBuild's, whatever policy it is given."""
    place = f"{principals.environment.region}:{principals.environment.account}"
    return Statement(
        "PushImages",
        PUSH,
        [f"arn:aws:ecr:{place}:repository/{name}" for name in principals.service_names],
        {"ArnEquals": {"aws:PrincipalArn": principals.image_build}},
    )
