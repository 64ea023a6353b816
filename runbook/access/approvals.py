"""What approvers of releases may do (ROVN-DEP-8): look at a pipeline, and say yes or no."""

from runbook.access.delivery_names import APPROVE, pipeline
from runbook.access.guard_rails import APPROVALS
from runbook.access.policy import ManagedPolicy, Statement
from runbook.access.principals import Principals


def approvals(principals: Principals) -> ManagedPolicy:
    """Build the policy for roles of people; who deploys is bounded to never have the action."""
    environment = principals.environment
    place = f"arn:aws:codepipeline:{environment.region}:{environment.account}"
    pipelines = [f"{place}:{pipeline(environment, service)}" for service in environment.services]
    look = [
        "codepipeline:GetPipeline",
        "codepipeline:GetPipelineExecution",
        "codepipeline:GetPipelineState",
        "codepipeline:ListActionExecutions",
        "codepipeline:ListPipelineExecutions",
    ]
    return ManagedPolicy(
        principals.named(APPROVALS),
        f"Approves releases of {environment.name}; for roles of people, never for who deploys",
        [
            Statement("LookAtReleases", look, pipelines),
            Statement(
                "Approve",
                ["codepipeline:PutApprovalResult"],
                [f"{arn}/{APPROVE}/{APPROVE}" for arn in pipelines],
            ),
        ],
    )
