"""A role of tasks: the one that starts them, or the one they work under."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct


class TaskRole(iam.Role):
    """A role that ECS tasks of this account and region take on, with one policy, in full view.

    ``arn`` is written before the role exists: other policies name it, too. The policy stands in a
    managed policy of our own, which auditors list and diff by itself.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        arn: str,
        description: str,
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        stack = Stack.of(scope)
        tasks = f"arn:aws:ecs:{stack.region}:{stack.account}:*"
        super().__init__(
            scope,
            id_,
            role_name=arn.rpartition("/")[2],
            description=description,
            assumed_by=iam.ServicePrincipal(
                "ecs-tasks.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": tasks},
                },
            ),
        )
        self.policy: iam.ManagedPolicy | None = None
        if statements:
            self.policy = iam.ManagedPolicy(
                self, "Policy", roles=[self], description=description, statements=list(statements)
            )
