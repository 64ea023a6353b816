"""The functions that rotate secrets, and the secrets they are for."""

from collections.abc import Mapping
from functools import lru_cache

from policies.iam.called import called
from policies.templates.scope import Resource, Scope

FUNCTION, SECRET = "AWS::Lambda::Function", "AWS::SecretsManager::Secret"


@lru_cache(maxsize=2)
def rotation_functions(scope: Scope) -> Mapping[str, str]:
    """Map the name of each function that rotates to the secret that it is for."""
    names = scope.environment.rotating_secrets
    return {scope.principals.rotation(name).rpartition("/")[2]: name for name in names}


def rotated_by(function: Resource | None, scope: Scope) -> str | None:
    """Name the secret that a function is for, as the environment file does; None for others."""
    if function is None or function.type != FUNCTION:
        return None
    return rotation_functions(scope).get(str(function.at("FunctionName")))


@lru_cache(maxsize=64)
def secret_arn(name: str, scope: Scope) -> str:
    """Write how policies name a secret of the environment file, wherever its template is."""
    environment = scope.environment
    full = f"{environment.name}/{name}"
    found = next((s for s in scope.resources(SECRET) if s.at("Name") == full), None)
    if found is not None:
        return called(found)[0]
    place = f"{environment.region}:{environment.account}"
    return f"arn:aws:secretsmanager:{place}:secret:{full}-??????"
