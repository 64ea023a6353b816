"""ROVN-SEC-2, ROVN-SEC-3: who rotates a secret may do that with it, and nothing with another."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from policies.iam.grants import grants_of, holds_policies, outsiders
from policies.iam.statements import Statement
from policies.lookups.rotations import FUNCTION, rotated_by, rotation_functions, secret_arn
from policies.lookups.security_groups import EGRESS, GROUP, group_of, permissions
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, whole_number

PERMISSION = "AWS::Lambda::Permission"
CALLER, CALL = "secretsmanager.amazonaws.com", "lambda:InvokeFunction"
READ, PASSWORD = "secretsmanager:GetSecretValue", "secretsmanager:GetRandomPassword"
STEPS = (
    "secretsmanager:DescribeSecret",
    READ,
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
# Beside secrets: their key, the own log, interfaces in the VPC. Other rules say which of them.
BESIDE = frozenset(
    {
        *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface"),
        *("ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        *("ec2:UnassignPrivateIpAddresses", "kms:Decrypt", "kms:GenerateDataKey"),
        *("kms:GenerateDataKeyPair", "logs:CreateLogStream", "logs:PutLogEvents"),
    }
)
_DATABASE = ("database_master", "database_user")
_ADDRESSES = ("CidrIp", "CidrIpv6", "DestinationPrefixListId")
# What stands in a group so that AWS does not open all egress: no packet goes there.
_NOWHERE = ("255.255.255.255/32", "127.0.0.1/32")


def _concerns(resource: Resource, scope: Scope) -> bool:
    if resource.type == FUNCTION:
        return rotated_by(resource, scope) is not None
    return resource.type in (PERMISSION, EGRESS, GROUP) or holds_policies(resource, scope)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == FUNCTION:
        yield from _function(resource, scope)
    elif resource.type == PERMISSION:
        yield from _permission(resource, scope)
    elif resource.type in (EGRESS, GROUP):
        yield from _egress(resource, scope)
    else:
        # Who asks Secrets Manager for a rotation has to be let call its function, too.
        callers = {*scope.principals.may_edit_secrets, *scope.principals.builders}
        yield from outsiders(resource, scope, [CALL], callers, _arns(scope))
        for statement in grants_of(scope).at(resource):
            if statement.kind == "identity" and statement.allows:
                yield from _surplus(statement, scope)


def _function(function: Resource, scope: Scope) -> Iterator[str]:
    name = rotated_by(function, scope) or ""
    role, wanted = str(function.at("Role")), scope.principals.rotation(name)
    if role != wanted:
        yield f"its role is {role}, not {wanted}"
    mechanism = scope.environment.secrets[name].mechanism
    if (found := function.at("Environment.Variables.MECHANISM")) != mechanism:
        yield f"it rotates by {found}, not {mechanism}"
    if (runs := whole_number(function.at("ReservedConcurrentExecutions"))) != 1:
        yield f"{runs} of it run at once, not 1: two would set two passwords of one user"
    inside = function.at("VpcConfig.SubnetIds") is not None
    if inside is not (mechanism in _DATABASE):
        yield f"it stands {'in' if inside else 'outside'} the VPC, and rotates by {mechanism}"
    if function.at("DeadLetterConfig") is not None or function.at("Layers"):
        yield "it has layers, or a queue of its own, which nobody here judges"
    granted = _granted(scope).get(wanted, frozenset())
    for action, resource in sorted(_needs(name, scope) - granted):
        yield f"nothing allows it {action} on {resource}"


def _permission(permission: Resource, scope: Scope) -> Iterator[str]:
    name = _called_function(permission, scope)
    if name is None:
        return
    principal, account = permission.at("Principal"), permission.at("SourceAccount")
    if principal != CALLER:
        yield f"it lets {principal} call the rotation of {name}, not {CALLER}"
    if account != scope.environment.account:
        yield f"it lets {CALLER} call for {account or 'any account'}"
    if permission.at("Action") != CALL:
        yield f"it allows {permission.at('Action')}, not {CALL}"


def _called_function(permission: Resource, scope: Scope) -> str | None:
    value = permission.at("FunctionName")
    target = scope.target(value)
    if target is not None:
        return rotated_by(target, scope)
    # By name, or by an ARN, perhaps with a version behind it.
    parts = str(value).split(":")
    found = (rotation_functions(scope).get(part) for part in parts)
    return next((name for name in found if name), None)


def _egress(resource: Resource, scope: Scope) -> Iterator[str]:
    """Want the group of those in the VPC to lead to other groups only: no address is one."""
    if group_of(resource, scope) not in _groups(scope):
        return
    for permission in permissions(resource, "SecurityGroupEgress"):
        for address in (permission.get(key) for key in _ADDRESSES):
            if address is not None and address not in _NOWHERE:
                yield f"it lets rotation functions out to {address}"


@lru_cache(maxsize=2)
def _groups(scope: Scope) -> list[Resource]:
    found = []
    for function in scope.resources(FUNCTION):
        if rotated_by(function, scope):
            groups = closed(function.at("VpcConfig.SecurityGroupIds", []))
            found += [target for group in groups if (target := scope.target(group))]
    return found


def _surplus(statement: Statement, scope: Scope) -> Iterator[str]:
    """Find what a statement allows a rotating role beyond the rotation."""
    roles = {scope.principals.rotation(n): n for n in scope.environment.rotating_secrets}
    for holder in sorted(statement.holders & roles.keys()):
        name = roles[holder]
        needed = _needs(name, scope)
        for action in statement.actions:
            if action in BESIDE:
                continue
            for resource in statement.resources:
                if (action, resource) not in needed:
                    yield (
                        f"{statement.label} allows {action} on {resource}, "
                        f"which the rotation of {name} does not need"
                    )


def _needs(name: str, scope: Scope) -> frozenset[tuple[str, str]]:
    """List what the function of a secret does in Secrets Manager: action and resource."""
    environment = scope.environment
    own = secret_arn(name, scope)
    needed = {(action, own) for action in STEPS}
    mechanism = environment.secrets[name].mechanism
    if mechanism in _DATABASE:
        needed.add((PASSWORD, "*"))
    if mechanism == "database_user" and environment.database_master:
        needed.add((READ, secret_arn(environment.database_master, scope)))
    return frozenset(needed)


@lru_cache(maxsize=2)
def _granted(scope: Scope) -> Mapping[str, frozenset[tuple[str, str]]]:
    """Map each rotating role to what it is allowed in Secrets Manager."""
    roles = set(scope.principals.rotations)
    found: dict[str, set[tuple[str, str]]] = {}
    for resource in scope.resources():
        if not resource.type.startswith("AWS::IAM::"):
            continue
        for statement in grants_of(scope).at(resource):
            if statement.kind != "identity" or not statement.allows:
                continue
            for holder in statement.holders & roles:
                pairs = found.setdefault(holder, set())
                pairs |= {(a, r) for a in statement.actions for r in statement.resources}
    return {role: frozenset(pairs) for role, pairs in found.items()}


def _arns(scope: Scope) -> list[str]:
    """Write how policies name the functions, or versions of them."""
    place = f"{scope.environment.region}:{scope.environment.account}"
    functions = [f"arn:aws:lambda:{place}:function:{name}" for name in rotation_functions(scope)]
    return [*functions, *(f"{function}:*" for function in functions)]


def _required(scope: Scope) -> Iterator[str]:
    found = [rotated_by(function, scope) for function in scope.resources(FUNCTION)]
    for name in scope.environment.rotating_secrets:
        if found.count(name) != 1:
            yield f"there are {found.count(name)} functions that rotate {name}, not one"


RULE = Rule(
    id="rotation-function-alone",
    title="Each secret has a rotation function and a role of its own, which may rotate it and "
    "nothing else, and which Secrets Manager alone calls",
    why="A function that rotates many secrets reads them all: one fault in it, or one who may "
    "change its code, has every credential.",
    remedy="Leave functions and roles to runbook_constructs.secret_rotation, one for each secret.",
    clauses=("ROVN-SEC-2", "ROVN-SEC-3"),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "NIST IA-5", "SOC2 CC6.3"),
    types=ANY,
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
