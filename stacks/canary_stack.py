"""What asks each service from outside, twice a minute."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.access.guard_rails import WATCH_BOUNDARY
from runbook.access.principals import Principals
from runbook.access.roles import CANARY
from runbook.alarms.canary import RESULT_DAYS, canary_name, function_prefix, variables
from runbook.model.environment import Environment
from runbook_constructs.canary.infrastructure import Canary, canary_statements
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.private_bucket import PrivateBucket, expire_after
from stacks.runbook_stack import RunbookStack

# Where Lambda writes what a function says.
_GROUPS = "/aws/lambda/"


class CanaryStack(RunbookStack):
    """A canary for each service, in ``probes.canary_region``, which is the environment's own."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part=CANARY,
            description="Canaries",
            stateful=True,
            boundary=WATCH_BOUNDARY,
        )
        self._environment = environment
        key = CustomerKey(
            self,
            "Key",
            alias=f"alias/{environment.slug}/{CANARY}",
            description=f"Artifacts and logs of canaries of {environment.name}",
            via=["s3"],
        )
        # The id in their names is known at the deploy only.
        groups = f"{_GROUPS}{function_prefix(environment)}*"
        key.allow_log_group(groups)
        artifacts = self._artifacts(key)
        role, policy = self._role(artifacts, key, groups)
        for service in environment.services:
            canary = Canary(
                self,
                service.title().replace("-", ""),
                name=canary_name(environment, service),
                group_prefix=f"{_GROUPS}{function_prefix(environment, service)}",
                variables=variables(environment, service),
                role=role,
                bucket=artifacts,
                key=key,
                log_retention_days=environment.trail.log_retention_days,
            )
            # It starts as soon as it stands.
            canary.resource.node.add_dependency(policy)

    def _artifacts(self, key: CustomerKey) -> PrivateBucket:
        logs = PrivateBucket(
            self,
            "AccessLogs",
            lifecycle_rules=[expire_after(self._environment.buckets.access_logs.expire_after_days)],
        )
        return PrivateBucket(
            self,
            "Artifacts",
            key=key,
            # Synthetics asks for KMS without a key: docs/decisions/0039.
            unnamed_key=True,
            access_logs=logs,
            access_logs_prefix="artifacts/",
            lifecycle_rules=[expire_after(RESULT_DAYS)],
        )

    def _role(
        self, artifacts: PrivateBucket, key: CustomerKey, groups: str
    ) -> tuple[iam.Role, iam.ManagedPolicy]:
        principals = Principals(self._environment)
        role = iam.Role(
            self,
            "Role",
            role_name=principals.canary.rpartition("/")[2],
            description="Asks the services from outside",
            # Lambda tells no source when it takes on a function's role.
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            description="Asks the services from outside",
            roles=[role],
            statements=canary_statements(self, groups, artifacts, key),
        )
        return role, policy
