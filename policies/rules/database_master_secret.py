"""ROVN-SEC-1: nobody types the master password of the database, and no template holds it."""

import re
from collections.abc import Iterator
from typing import Any

from policies.lookups.databases import INSTANCE, is_replica
from policies.lookups.keys import key_behind
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError

PASSWORD, MANAGED = "MasterUserPassword", "ManageMasterUserPassword"
# Of the secret's JSON the password, in its current version.
_REFERENCE = re.compile(
    r"\{\{resolve:secretsmanager:(?P<secret>.+):SecretString:password(:(AWSCURRENT)?:?)?\}\}"
)


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    password, managed = _password(instance), instance.at(MANAGED, default=False)
    if is_replica(instance):
        if password is not None or managed is not False:
            yield "a replica has its source's credential, and this one names its own"
    elif scope.environment.database.master_password == "managed":  # noqa: S105 - how, not what
        if managed is not True or password is not None:
            yield f"{MANAGED} is not true, alone: RDS does not keep the password"
        key = instance.at("MasterUserSecret.KmsKeyId")
        if key_behind(key, instance) is None:
            yield f"the managed password's key is {key}, not a key of this environment"
    else:
        if managed is not False:
            yield f"{MANAGED} is not false, and database.master_password is generated"
        if not _is_reference(password, scope):
            name = f"{scope.environment.name}/{scope.environment.database_master}"
            yield f"{PASSWORD} is not a dynamic reference to the secret {name}"


def _password(instance: Resource) -> Any:  # noqa: ANN401 - JSON is any value
    """Read it without a word of it in any message."""
    try:
        return instance.at(PASSWORD)
    except UnresolvedError:
        raise UnresolvedError(f"{PASSWORD} is open: nobody can tell where it is from") from None


def _is_reference(password: Any, scope: Scope) -> bool:  # noqa: ANN401 - JSON is any value
    found = _REFERENCE.fullmatch(password) if isinstance(password, str) else None
    environment = scope.environment
    name = f"{environment.name}/{environment.database_master}"
    arn = f"arn:aws:secretsmanager:{environment.region}:{environment.account}:secret:{name}"
    # Six characters of Secrets Manager's end the ARN.
    accepted = rf"{re.escape(name)}|{re.escape(arn)}-([A-Za-z0-9]{{6}}|\?{{6}})"
    return found is not None and re.fullmatch(accepted, found["secret"]) is not None


RULE = Rule(
    id="database-master-secret",
    title="The database's master password comes from the environment's secret, or from RDS where "
    "the environment file says so",
    why="A password in a template or a parameter is read by everybody who may read a stack, and "
    "never replaced.",
    remedy="Leave the credential to stacks/data_stack.py; database.master_password says how.",
    clauses=("ROVN-SEC-1",),
    controls=("HIPAA 164.312(d)", "NIST IA-5", "SOC2 CC6.1"),
    types=(INSTANCE,),
    judge=_judge,
    waivable=False,
)
