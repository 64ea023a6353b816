"""Nobody destroys a key in one step (docs/decisions/0006)."""

from collections.abc import Iterator

from policies.iam.resource_policies import covers, covers_resource, is_for_everybody, statements
from policies.lookups.keys import KEYS
from policies.lookups.references import reference
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import whole_number

_DESTROYING = ("kms:DeleteImportedKeyMaterial", "kms:DisableKey", "kms:ScheduleKeyDeletion")
# KMS's own default, and the longest there is.
_WINDOW = 30


def _judge(key: Resource, _: Scope) -> Iterator[str]:
    if key.at("KeyPolicy") is None:
        yield "it has no KeyPolicy, and KMS's own gives kms:* to the account"
    policy = statements(key.at("KeyPolicy"))
    allows = [s for s in policy if s.get("Effect") == "Allow"]
    denies = [
        s
        for s in policy
        if s.get("Effect") == "Deny"
        and is_for_everybody(s)
        and covers_resource(s, reference(key, "Arn"))
        and not s.get("Condition")
    ]
    for action in _DESTROYING:
        allowed = any(covers(statement, action) for statement in allows)
        if allowed and not any(covers(statement, action) for statement in denies):
            yield f"its policy allows {action}"
    if key.at("Enabled") not in (None, True):
        yield "Enabled is not true: nothing under it can be read"
    days = whole_number(key.at("PendingWindowInDays", _WINDOW))
    if days is None or days < _WINDOW:
        yield f"PendingWindowInDays is {days}, not {_WINDOW}: so little time to notice"


RULE = Rule(
    id="key-lasting",
    title="No policy of a key lets anybody delete or disable it",
    why="A locked record whose key is gone is as good as deleted, with all the others under it.",
    remedy="Make the key with runbook_constructs.customer_key, whose policy names its actions; to "
    "destroy one, change its policy first, in a review.",
    clauses=("ROVN-BCK-2",),
    controls=("HIPAA 164.312(c)(1)", "NIST SC-12", "SOC2 CC6.1"),
    types=KEYS,
    judge=_judge,
    waivable=False,
)
