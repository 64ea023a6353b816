"""How the secrets of an environment file can be wrong."""

import pytest

from tests.model.spoiling import MISSING, Refuse, demand_told

DATABASE_USER = {
    "mechanism": "database_user",
    "rotation_days": 90,
    "owner": "platform-engineering",
    "consumers": [],
    "variables": [],
}
# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    (
        "secrets.stripe-api-key.owner",
        MISSING,
        "secrets.stripe-api-key.owner",
        "this key is missing",
        "add secrets.stripe-api-key.owner",
    ),
    (
        "secrets.stripe-api-key.rotation_days",
        MISSING,
        "secrets.stripe-api-key.rotation_days",
        "this key is missing",
        "add secrets.stripe-api-key.rotation_days",
    ),
    (
        "secrets.stripe-api-key.mechanism",
        MISSING,
        "secrets.stripe-api-key.mechanism",
        "this key is missing",
        "add secrets.stripe-api-key.mechanism",
    ),
    (
        "secrets.stripe-api-key.rotation_days",
        91,
        "secrets.stripe-api-key.rotation_days",
        "91 breaks ROVN-SEC-3, which demands at most 90",
        "set at most 90",
    ),
    (
        "secrets.stripe-api-key",
        MISSING,
        "secrets.stripe-api-key.rotation_days",
        "its absence breaks ROVN-SEC-3",
        "set at most 90",
    ),
    (
        "secrets.jwt-signing-keys.rotation_days",
        181,
        "secrets.jwt-signing-keys.rotation_days",
        "181 breaks ROVN-SEC-3, which demands at most 180",
        "set at most 180",
    ),
    (
        "secrets.stripe-api-key.consumers",
        ["nobody"],
        "secrets.stripe-api-key.consumers",
        "'nobody' is not a service",
        "choose among passport-api",
    ),
    (
        "secrets.stripe-api-key.mechanism",
        "database_master",
        "secrets",
        "2 secrets have the mechanism database_master",
        "exactly one",
    ),
    (
        "secrets.mcp-inbound-token.overlap_hours",
        MISSING,
        "secrets.mcp-inbound-token.overlap_hours",
        "the rotation locks out whoever holds what was issued before",
        "set the hours that the previous value is still taken",
    ),
    (
        "secrets.jwt-signing-keys.overlap_hours",
        MISSING,
        "secrets.jwt-signing-keys.overlap_hours",
        "the rotation locks out whoever holds what was issued before",
        "set the hours that the previous value is still taken",
    ),
    (
        "secrets.stripe-api-key.overlap_hours",
        24,
        "secrets.stripe-api-key.overlap_hours",
        "nothing is issued under a secret of the mechanism operator_supplied",
        "remove the key",
    ),
    (
        "secrets.mcp-inbound-token",
        {
            "mechanism": "generated_token",
            "rotation_days": 1,
            "owner": "ai-engineering",
            "consumers": ["passport-api"],
            "variables": ["MCP_INBOUND_TOKEN:token"],
            "overlap_hours": 24,
        },
        "secrets.mcp-inbound-token.overlap_hours",
        "24 hours reach beyond the next rotation",
        "set less than 24",
    ),
    (
        "secrets.stripe-api-key.verification",
        MISSING,
        "secrets.stripe-api-key.verification",
        "an operator's value is tried by one call, or it is said why none can",
        "add either verification or unverifiable",
    ),
    (
        "secrets.stripe-api-key.unverifiable",
        "because nobody looked for a call",
        "secrets.stripe-api-key.verification",
        "an operator's value is tried by one call, or it is said why none can",
        "add either verification or unverifiable",
    ),
    (
        "secrets.mcp-inbound-token.unverifiable",
        "because nobody looked for a call",
        "secrets.mcp-inbound-token.verification",
        "a function makes and tries this secret's values by itself",
        "remove verification and unverifiable",
    ),
    (
        "secrets.stripe-api-key.verification.url",
        "http://api.stripe.com/v1/balance",
        "secrets.stripe-api-key.verification.url",
        "string should match",
        "environment.schema.json describes each key",
    ),
    (
        "secrets.database-master",
        MISSING,
        "secrets.database-application.mechanism",
        "the master changes it, and no secret here is the master's",
        "add a secret with the mechanism database_master, or let an operator supply it",
    ),
    (
        "secrets.migrations",
        DATABASE_USER,
        "secrets.migrations",
        "its role migrations in the database is that of database-migrations",
        "give the secret another name",
    ),
    (
        "secrets.postgres",
        DATABASE_USER,
        "secrets.postgres",
        "its role postgres in the database is that of the database's master",
        "give the secret another name",
    ),
    (
        "network.interface_endpoints",
        ["bedrock-runtime", "kms"],
        "network.interface_endpoints",
        "the functions that rotate the database's secrets reach AWS through endpoints only",
        'add "secretsmanager" to network.interface_endpoints',
    ),
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_one_spoiled_key_is_refused_with_reason_and_fix(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    demand_told(refuse(path, value), key, reason, fix)
