"""The policies that boundaries-hold compares with runbook/access, statement by statement."""

from collections.abc import Mapping
from functools import lru_cache

from policies.iam.attachments import MANAGED
from policies.templates.scope import Resource, Scope
from runbook.access.approvals import approvals
from runbook.access.boundaries import boundaries
from runbook.access.deploy_policy import deploy_statements
from runbook.access.execution_policies import execution_policies
from runbook.access.policy import Statement


@lru_cache(maxsize=2)
def limits(scope: Scope) -> Mapping[str, list[Statement]]:
    """Map the name of each policy that limits others to what it must say."""
    principals = scope.principals
    written = {
        policy.name: list(policy.statements)
        for policy in (*boundaries(principals), *execution_policies(principals))
    }
    approve = approvals(principals)
    return {
        **written,
        principals.named("deploy"): deploy_statements(principals),
        approve.name: list(approve.statements),
    }


def is_limit(resource: Resource, scope: Scope) -> bool:
    """Tell one of those policies by its name."""
    return resource.type == MANAGED and resource.at("ManagedPolicyName") in limits(scope)
