"""Which reader takes which event."""

from collections.abc import Callable, Mapping
from typing import Any

from .rotations import restart, rotation
from .shapes import Facts, text
from .states import deployment, migration, pipeline, service_action, stack, task

Json = Any
Reader = Callable[[Mapping[str, Json]], Facts]
# As the state machine that follows a rotation is called, behind the environment's own name.
_RESTART = "-secret-restart"


def _execution(event: Mapping[str, Json]) -> Facts:
    """Tell a restart from a migration: both are executions of a state machine."""
    machine = text(event, "detail", "stateMachineArn")
    return (restart if machine.endswith(_RESTART) else migration)(event)


READERS: Mapping[tuple[str, str], Reader] = {
    ("aws.cloudformation", "CloudFormation Stack Status Change"): stack,
    ("aws.codepipeline", "CodePipeline Action Execution State Change"): pipeline,
    ("aws.codepipeline", "CodePipeline Pipeline Execution State Change"): pipeline,
    ("aws.codepipeline", "CodePipeline Stage Execution State Change"): pipeline,
    ("aws.ecs", "ECS Deployment State Change"): deployment,
    ("aws.ecs", "ECS Service Action"): service_action,
    ("aws.ecs", "ECS Task State Change"): task,
    ("aws.states", "Step Functions Execution Status Change"): _execution,
    ("aws.secretsmanager", "AWS Service Event via CloudTrail"): rotation,
}
