"""key-through-services (docs/decisions/0006)."""

import pytest

from policies.rules.key_through_services import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ROOT = {"AWS": "arn:aws:iam::111122223333:root"}
VIA = {"kms:CallerAccount": "111122223333", "kms:ViaService": ["s3.us-east-2.amazonaws.com"]}
LENT = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def allow(actions: object, condition: Json | None = None, **changed: object) -> Json:
    given = {"Sid": "Use", "Effect": "Allow", "Principal": ROOT, "Action": actions}
    return given | ({"Condition": condition} if condition else {}) | changed


def said(*statements: Json) -> str:
    given = {"KeyPolicy": {"Statement": list(statements)}}
    key = {"Type": "AWS::KMS::Key", "Properties": given}
    return verdicts(RULE, template("data", {"Key": key}))["Key"]


def test_use_through_services_passes() -> None:
    assert said(allow("kms:Decrypt", {"StringEquals": VIA})) == "pass"
    assert said(allow("kms:CreateGrant", {"StringEquals": VIA} | LENT)) == "pass"


def test_administration_and_services_need_no_service_between() -> None:
    assert said(allow(["kms:PutKeyPolicy", "kms:DescribeKey"])) == "pass"
    assert said(allow("kms:*", Principal={"Service": "logs.amazonaws.com"})) == "pass"
    assert said(allow("kms:*", Effect="Deny")) == "pass"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            {"StringEquals": VIA | {"kms:ViaService": []}},
            "Use allows kms:Decrypt without StringEquals on kms:ViaService",
        ),
        (
            {"StringEquals": VIA | {"kms:CallerAccount": "999999999999"}},
            "Use allows kms:Decrypt to accounts other than 111122223333",
        ),
        (
            {
                "StringLike": {"kms:ViaService": "*"},
                "StringEquals": {"kms:CallerAccount": "111122223333"},
            },
            "Use allows kms:Decrypt without StringEquals on kms:ViaService",
        ),
    ],
)
def test_use_by_hand_fails(condition: Json, message: str) -> None:
    assert said(allow("kms:Decrypt", condition)) == message


PAIR = "kms:GenerateDataKeyPair"
MAKER = "arn:aws:iam::111122223333:role/rovn-production-rotate-jwt-signing-keys"


def by(role: object, **more: object) -> Json:
    equals = {"kms:CallerAccount": "111122223333"}
    return {"ArnEquals": {"aws:PrincipalArn": role}, "StringEquals": equals} | more


def test_the_rotation_of_signing_keys_has_pairs_made_and_nobody_else() -> None:
    assert said(allow(PAIR, by(MAKER))) == "pass"
    fault = f"Use allows {PAIR} without StringEquals on kms:ViaService"
    for role in (MAKER.replace("jwt-signing-keys", "admin-token"), [MAKER, "arn:x"], "*"):
        assert said(allow(PAIR, by(role))) == fault
    anywhere = by(MAKER, StringEquals={"kms:DataKeyPairSpec": "ECC_NIST_P256"})
    assert "accounts other than 111122223333" in said(allow(PAIR, anywhere))
    with_more = said(allow([PAIR, "kms:Decrypt"], by(MAKER)))
    assert "kms:Decrypt" in with_more


def test_lending_to_anybody_fails() -> None:
    assert said(allow("kms:CreateGrant", {"StringEquals": VIA})) == (
        "Use allows kms:CreateGrant without kms:GrantIsForAWSResource"
    )


def test_every_statement_is_looked_at() -> None:
    harmless = allow("kms:*", Principal={"Service": "logs.amazonaws.com"})
    assert "kms:Decrypt" in said(harmless, allow("kms:Decrypt"))


def test_wildcards_and_exceptions_are_seen() -> None:
    assert "kms:Decrypt" in said(allow("kms:*"))
    assert "kms:Decrypt" in said(allow("kms:D*", Principal="*"))
    assert "kms:Decrypt" in said(allow(None, NotAction="kms:Encrypt"))
    both = ROOT | {"Service": "logs.amazonaws.com"}
    assert "kms:Decrypt" in said(allow("kms:Decrypt", Principal=both))


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(allow(OPEN))
    open_account = {"StringEquals": VIA | {"kms:CallerAccount": OPEN}}
    assert "${SomeParameter} is open" in said(allow("kms:Decrypt", open_account))


def test_only_this_rule_sees_a_key_that_is_used_by_hand(real: Real) -> None:
    def spoil(body: Json) -> None:
        statements = properties(body, "AWS::KMS::Key", "DatabaseKey")["KeyPolicy"]["Statement"]
        (use,) = (s for s in statements if s["Sid"] == "UseThroughServices")
        del use["Condition"]["StringEquals"]["kms:ViaService"]

    assert real.caught("data", spoil) == {("key-through-services", "DatabaseKey")}
