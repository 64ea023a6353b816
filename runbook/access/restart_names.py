"""What restarts after rotations are called by convention: rules, and who listens to them."""

from runbook.access.principals import Principals
from runbook.access.roles import SECRET_RESTART


def restart_rule(principals: Principals, secret: str) -> str:
    """Name the rule of EventBridge that hears of one secret's new value."""
    return principals.named(f"{SECRET_RESTART}-{secret}")


def restart_rules(principals: Principals) -> str:
    """Write the ARN of every such rule, for the trust policy of the role that they start it in."""
    environment = principals.environment
    place = f"{environment.region}:{environment.account}"
    return f"arn:aws:events:{place}:rule/{principals.named(SECRET_RESTART)}-*"


def restart_machine(principals: Principals) -> str:
    """Write the ARN of the state machine."""
    environment = principals.environment
    place = f"{environment.region}:{environment.account}"
    return f"arn:aws:states:{place}:stateMachine:{principals.named(SECRET_RESTART)}"
