"""Every key of ours is replaced each year, by KMS itself."""

from collections.abc import Iterator

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import whole_number

# KMS's own default.
_YEAR = 365
_CANNOT_ROTATE = ("HMAC_", "RSA_", "ECC_", "SM2", "ML_DSA_")


def _is_symmetric(key: Resource, _: Scope) -> bool:
    return not str(key.at("KeySpec", "SYMMETRIC_DEFAULT")).startswith(_CANNOT_ROTATE)


def _judge(key: Resource, _: Scope) -> Iterator[str]:
    if key.at("EnableKeyRotation") is not True:
        yield "EnableKeyRotation is not true: the key's material is never replaced"
    days = whole_number(key.at("RotationPeriodInDays", _YEAR))
    if days is None or days > _YEAR:
        yield f"RotationPeriodInDays is {days}, not at most {_YEAR}"


RULE = Rule(
    id="key-rotation",
    title="Every symmetric KMS key rotates",
    why="Material that is never replaced protects more data each year.",
    remedy="Make the key with runbook_constructs.customer_key, which rotates it.",
    clauses=(),
    controls=("HIPAA 164.312(a)(2)(iv)", "NIST SC-12", "SOC2 CC6.1"),
    types=("AWS::KMS::Key",),
    concerns=_is_symmetric,
    judge=_judge,
)
