"""The names and places of an environment, as policies refer to them."""

from collections.abc import Mapping, Sequence

from runbook.access.principals import Principals
from runbook.alarms.canary import function_prefix
from runbook.model.environment import IDENTITY_REGION


def places(principals: Principals) -> Mapping[str, Sequence[str]]:
    """Map each brace of the policy files to what is put there."""
    environment = principals.environment
    event_regions = list(dict.fromkeys((environment.region, IDENTITY_REGION)))
    return {
        "account": [environment.account],
        "canaries": [function_prefix(environment)],
        "copy_region": [environment.database.backup_copy_region],
        "event_executor": [principals.cdk_role("cfn-exec", region) for region in event_regions],
        "event_region": event_regions,
        "evidence": [principals.evidence],
        "executor": [principals.cdk_role("cfn-exec", environment.region)],
        "every_region": list(dict.fromkeys(environment.regions)),
        "gated": list(principals.gated),
        "name": [environment.name],
        "pager": [environment.alerting.pager_secret],
        "region": [environment.region],
        "rotating": list(environment.rotating_secrets),
        "restart": [principals.secret_restart],
        "service": list(principals.service_names),
        "service_key": list(environment.services),
        "slug": [environment.slug],
    }
