"""The pager's address: its one form, and what makes a new one wake anybody (ROVN-SEV-1)."""

import re

from runbook.model.environment import Environment
from runbook.model.refusal import Refusal

# Of PagerDuty's integration with CloudWatch; its key has 32 characters.
_FORM = re.compile(r"https://events(\.eu)?\.pagerduty\.com/integration/[A-Za-z0-9]{32}/enqueue")
WRITTEN = "https://events.pagerduty.com/integration/<key of 32 characters>/enqueue"


def is_pager(environment: Environment, secret: str) -> bool:
    """Tell the secret whose whole value is the address that topics are subscribed with."""
    return secret == environment.alerting.pager_secret


def malformed(environment: Environment, secret: str, value: str) -> Refusal | None:
    """Say why a value cannot page anybody; nothing of it is repeated.

    No call can try it: SNS alone would, hours after, at the deploy or at the first outage.
    """
    if not is_pager(environment, secret) or _FORM.fullmatch(value):
        return None
    fix = f"copy the integration's URL whole, as {WRITTEN}"
    return Refusal("value", "it is no address of PagerDuty's integration with CloudWatch", fix)


def put_to_use(environment: Environment, *, first: bool) -> str:
    """Say what is left to do: CloudFormation reads the secret when it subscribes, and never again.

    ``first`` is a value before which there was none.
    """
    name, alerting = environment.name, environment.alerting
    deploy = f"make deploy ENV={name}"
    if first:
        return f"deploy what comes after it: {deploy}; until then nobody is paged"
    raised = alerting.pager_generation + 1
    owner = environment.secrets[alerting.pager_secret].owner
    return (
        f"write pager_generation = {raised} into [alerting] of environments/{name}.toml, then "
        f"{deploy}, then runbook verify {name}: until then pages go to the old address. Only "
        f"afterwards {owner} removes the old integration at the vendor"
    )
