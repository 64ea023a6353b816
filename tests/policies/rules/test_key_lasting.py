"""key-lasting (docs/decisions/0006)."""

import pytest

from policies.rules.key_lasting import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


def allow(actions: object, **changed: object) -> Json:
    return {"Effect": "Allow", "Principal": ROOT, "Action": actions, "Resource": "*"} | changed


def said(*statements: Json, **given: object) -> str:
    properties = {"KeyPolicy": {"Statement": list(statements)}} | given
    key = {"Type": "AWS::KMS::Key", "Properties": properties}
    return verdicts(RULE, template("data", {"Key": key}))["Key"]


DESTROYING = ["kms:DeleteImportedKeyMaterial", "kms:DisableKey", "kms:ScheduleKeyDeletion"]
ALL = "; ".join(f"its policy allows {action}" for action in DESTROYING)


def test_a_key_that_names_its_actions_passes() -> None:
    assert said(allow(["kms:PutKeyPolicy", "kms:Decrypt", "kms:CancelKeyDeletion"])) == "pass"
    assert said(allow("kms:Decrypt"), PendingWindowInDays=30, Enabled=True) == "pass"


@pytest.mark.parametrize("action", DESTROYING)
def test_what_destroys_it_fails(action: str) -> None:
    assert said(allow(["kms:Decrypt", action])) == f"its policy allows {action}"
    assert said(allow(action.upper())) == f"its policy allows {action}"


def test_wildcards_and_exceptions_fail() -> None:
    assert said(allow("kms:*")) == ALL
    assert said(allow("*", Principal="*")) == ALL
    assert said(allow("kms:Schedule*")) == "its policy allows kms:ScheduleKeyDeletion"
    but = allow(None, NotAction="kms:DisableKey")
    assert "kms:ScheduleKeyDeletion" in said(but)
    assert "kms:DisableKey" not in said(but)


def test_a_denial_for_everybody_passes_and_a_narrower_one_does_not() -> None:
    denial = allow(DESTROYING, Effect="Deny", Principal="*")
    assert said(allow("kms:*"), denial) == "pass"
    assert said(allow("kms:*"), denial | {"Principal": ROOT}) == ALL
    narrow = denial | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}
    assert said(allow("kms:*"), narrow) == ALL


def test_a_key_without_policy_fails() -> None:
    assert said(KeyPolicy=None) == "it has no KeyPolicy, and KMS's own gives kms:* to the account"


def test_a_short_window_and_a_disabled_key_fail() -> None:
    assert said(PendingWindowInDays=7) == (
        "PendingWindowInDays is 7, not 30: so little time to notice"
    )
    assert said(Enabled=False) == "Enabled is not true: nothing under it can be read"


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(allow(OPEN))
    assert "${SomeParameter} is open" in said(PendingWindowInDays=OPEN)


def test_only_this_rule_sees_a_key_that_is_soon_gone(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, "AWS::KMS::Key", "DatabaseKey")["PendingWindowInDays"] = 7

    assert real.caught("data", spoil) == {("key-lasting", "DatabaseKey")}


def test_this_rule_sees_a_key_that_can_be_deleted(real: Real) -> None:
    """Who may is held for identities and resources alike by another rule, which sees it too."""

    def spoil(body: Json) -> None:
        policy = properties(body, "AWS::KMS::Key", "DatabaseKey")["KeyPolicy"]
        policy["Statement"][0]["Action"].append("kms:ScheduleKeyDeletion")

    assert ("key-lasting", "DatabaseKey") in real.caught("data", spoil)


def test_a_denial_about_another_key_denies_nothing() -> None:
    other = "arn:aws:kms:us-east-2:111122223333:key/other"
    action = "kms:DisableKey"
    denial = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": other}
    assert said(allow(action), denial) == f"its policy allows {action}"
    assert said(allow(action), denial | {"Resource": "*"}) == "pass"


def test_the_window_may_be_text() -> None:
    assert said(allow("kms:Decrypt"), PendingWindowInDays="30") == "pass"
    assert "PendingWindowInDays is 7" in said(allow("kms:Decrypt"), PendingWindowInDays="7")
