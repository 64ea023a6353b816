"""Which environments are asked for: by the CDK's context, or all of them."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from runbook.model.environment import Environment
from runbook.model.loader import ENVIRONMENTS, known_environments, load_environment
from runbook.model.refusal import Refusal, RefusedError

KEYS = ("environment", "account", "region")


def selected_environments(context: Mapping[str, object]) -> list[Environment]:
    """Load the environment of ``-c environment=``, placed by ``-c account=`` and ``-c region=``.

    Without them all environments are loaded. Raises ``RefusedError`` for what cannot be: a key
    that is there but empty, as from an unset shell variable, never means "the default".
    """
    given = {key: _text(key, context[key]) for key in KEYS if key in context}
    if "environment" not in given:
        if not given:
            return all_environments()
        reason = "only one environment at a time can be placed elsewhere"
        fix = "add -c environment=<organisation>/<environment>"
        raise RefusedError("-c account, -c region", [Refusal("environment", reason, fix)])
    name = given.pop("environment")
    return [load_environment(name, account=given.get("account"), region=given.get("region"))]


def all_environments(root: Path = ENVIRONMENTS) -> list[Environment]:
    """Load every environment; at least one, and no two that would share their resources' names."""
    loaded = [load_environment(name, root=root) for name in known_environments(root)]
    if not loaded:
        fix = "add environments/<organisation>/<environment>.toml"
        raise RefusedError("environments/", [Refusal("environment", "no environment file", fix)])
    slugs = Counter(environment.slug for environment in loaded)
    shared = [environment.name for environment in loaded if slugs[environment.slug] > 1]
    if shared:
        reason = f"{' and '.join(shared)} would share the names of their resources"
        raise RefusedError("environments/", [Refusal("environment", reason, "rename one of them")])
    for environment in loaded:
        _must_know_staging(environment, [each.name for each in loaded])
    return loaded


def _must_know_staging(environment: Environment, known: list[str]) -> None:
    """Refuse a staging that has no file: every release would be held for ever."""
    if environment.preflight is None:
        return
    staging = f"{environment.organisation}/{environment.preflight.staging}"
    if staging not in known:
        reason = f"{staging} has no file"
        fix = f"add environments/{staging}.toml, or name one of {', '.join(known)}"
        source = f"environments/{environment.name}.toml"
        raise RefusedError(source, [Refusal("preflight.staging", reason, fix)])


def _text(key: str, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    reason = f"it is {value!r}, not a text"
    raise RefusedError(f"-c {key}", [Refusal(key, reason, "give it a value, or leave it out")])
