"""Dimension values that AWS makes: known at the deploy, written in braces until then."""

# What a load balancer's metrics call it: app/<name>/<hash>.
BALANCER = "{balancer}"
CERTIFICATE = "{certificate}"
HEALTH_CHECK = "{health-check}"


def target_group(service: str, colour: str) -> str:
    """Stand for what metrics call a service's target group; ``colour`` is blue or green."""
    return f"{{target-group:{service}:{colour}}}"


def is_placeholder(value: str) -> bool:
    """Say whether a dimension's value is known at the deploy only."""
    return value.startswith("{") and value.endswith("}")
