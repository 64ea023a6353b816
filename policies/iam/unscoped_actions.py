"""IAM actions that know no resource: the only ones that may be allowed on ``*``."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def unscoped_actions() -> dict[str, str]:
    """Map each such action to the page of the service authorization reference that says so."""
    text = (files("policies.iam") / "actions_without_resources.toml").read_text(encoding="utf-8")
    return {
        f"{service['prefix']}:{action}": service["source"]
        for service in tomllib.loads(text)["service"]
        for action in service["actions"]
    }
