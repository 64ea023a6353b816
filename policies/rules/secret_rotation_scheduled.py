"""ROVN-SEC-3: every secret that a machine can make is made anew in its days."""

from collections import Counter
from collections.abc import Iterator

from policies.lookups.rotations import SECRET, rotated_by
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

SCHEDULE = "AWS::SecretsManager::RotationSchedule"


def _judge(schedule: Resource, scope: Scope) -> Iterator[str]:
    name = _secret_of(schedule, scope)
    secret = scope.environment.secrets.get(name or "")
    if name is None or secret is None:
        yield "it rotates a secret that is not in [secrets]"
        return
    if name not in scope.environment.rotating_secrets:
        yield f"it rotates {name}, whose next value no function can make"
        return
    found = schedule.at("RotationRules.ScheduleExpression")
    if found != secret.schedule:
        yield f"it rotates {name} by {found or 'no schedule'}, not {secret.schedule}"
    if schedule.at("RotationRules.AutomaticallyAfterDays") is not None:
        yield "AutomaticallyAfterDays says the days a second time"
    if schedule.at("RotateImmediatelyOnUpdate") is not True:
        yield f"RotateImmediatelyOnUpdate is not true: {name} waits {secret.rotation_days} days"
    if schedule.at("HostedRotationLambda") is not None:
        yield "HostedRotationLambda has a function made that nobody here wrote"
    rotates = rotated_by(scope.target(schedule.at("RotationLambdaARN")), scope)
    if rotates != name:
        yield f"its function is that of {rotates or 'no secret'}, not of {name}"


def _secret_of(schedule: Resource, scope: Scope) -> str | None:
    """Name the secret as the environment file does."""
    value = schedule.at("SecretId")
    target = scope.target(value)
    if target is not None:
        value = target.at("Name") if target.type == SECRET else None
    prefix = f"{scope.environment.name}/"
    name = str(value)
    return name.removeprefix(prefix) if value and name.startswith(prefix) else None


def _required(scope: Scope) -> Iterator[str]:
    found = Counter(_secret_of(schedule, scope) for schedule in scope.resources(SCHEDULE))
    for name in scope.environment.rotating_secrets:
        if found[name] != 1:
            yield f"{name} has {found[name]} schedules for its rotation, not one"


RULE = Rule(
    id="secret-rotation-scheduled",
    title="Every secret that a machine can make rotates in the days of the environment file, by "
    "its own function, the first time at once",
    why="What nobody replaces is some day known to who has left, or to who has read a backup.",
    remedy="Name mechanism and rotation_days under [secrets.…]; the rotation stack makes function "
    "and schedule of it.",
    clauses=("ROVN-SEC-3",),
    controls=("HIPAA 164.312(d)", "NIST IA-5", "SOC2 CC6.1"),
    types=(SCHEDULE,),
    judge=_judge,
    required=_required,
    waivable=False,
)
