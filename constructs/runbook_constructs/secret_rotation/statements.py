"""What a rotation function may do, statement by statement: with its own secret (ROVN-SEC-2)."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam

from runbook_constructs.function_statements import Place, Statements, allow

# The four steps, and nothing else: neither who reads the secret, nor when it rotates.
ON_OWN_SECRET = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
# P-256, for ES256.
KEY_PAIR = "ECC_NIST_P256"


def rotate(place: Place, secret: str, key: str) -> Statements:
    """Do the steps on one secret, by ARN; ``key`` is what it is encrypted with."""
    return [
        allow("Rotate", list(ON_OWN_SECRET), [secret]),
        _through(place, "UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], key, [secret]),
    ]


def log_in_as_master(place: Place, master: str, key: str) -> Statements:
    """Read the master's secret, by ARN."""
    return [
        allow("ReadMaster", ["secretsmanager:GetSecretValue"], [master]),
        _through(place, "DecryptMaster", ["kms:Decrypt"], key, [master]),
    ]


def make_passwords() -> iam.PolicyStatement:
    """Have passwords made; that is about no secret, and knows none."""
    return allow("MakePasswords", ["secretsmanager:GetRandomPassword"], ["*"])


def make_key_pairs(key: str) -> iam.PolicyStatement:
    """Have key pairs for signatures made under a key."""
    return iam.PolicyStatement(
        sid="MakeKeyPairs",
        actions=["kms:GenerateDataKeyPair"],
        resources=[key],
        conditions={"StringEquals": {"kms:DataKeyPairSpec": KEY_PAIR}},
    )


def _through(
    place: Place, sid: str, actions: list[str], key: str, secrets: Sequence[str]
) -> iam.PolicyStatement:
    """Use a key for these secrets only, and only as Secrets Manager does for its caller."""
    return iam.PolicyStatement(
        sid=sid,
        actions=actions,
        resources=[key],
        conditions={
            "StringEquals": {
                "kms:EncryptionContext:SecretARN": list(secrets),
                "kms:ViaService": f"secretsmanager.{place.region}.amazonaws.com",
            }
        },
    )
