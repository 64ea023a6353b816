"""Which environments the CDK's context asks for."""

from collections.abc import Mapping
from typing import Any

from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import Refusal, RefusedError


def selected_environments(context: Mapping[str, Any]) -> list[Environment]:
    """Load the environment of ``-c environment=``, placed by ``-c account=`` and ``-c region=``.

    Without them all environments are loaded. Raises ``RefusedError`` for what cannot be.
    """
    account, region = context.get("account"), context.get("region")
    if name := context.get("environment"):
        return [load_environment(name, account=account, region=region)]
    if account or region:
        reason = "only one environment at a time can be placed elsewhere"
        fix = "add -c environment=<organisation>/<environment>"
        raise RefusedError("-c account, -c region", [Refusal("environment", reason, fix)])
    names = known_environments()
    if not names:
        fix = "add environments/<organisation>/<environment>.toml"
        raise RefusedError("environments/", [Refusal("environment", "no environment file", fix)])
    return [load_environment(name) for name in names]
