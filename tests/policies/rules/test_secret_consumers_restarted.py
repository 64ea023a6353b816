"""secret-consumers-restarted (ROVN-SEC-3, DLX-SEC-1)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from policies.lookups.restart_machine import MACHINE
from policies.lookups.secret_events import RULE_OF_EVENTS
from policies.rules.secret_consumers_restarted import RULE
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, add, faults, setting

PART, NAME = "secret-watch", "RestartMachine"
STRIPE, TOKEN = "RestartStripeApiKey", "RestartAdminToken"
SERVICE = "rovn-passport-api"
DETAIL = "EventPattern.detail"
SAYS_STRIPE = "rovn/production/stripe-api-key"
# As AWS takes it, too: without its last six letters.
PART_OF_ARN = f"arn:aws:secretsmanager:us-east-2:111122223333:secret:{SAYS_STRIPE}"
CONSUMED = [name for name, s in load_environment("rovn/production").secrets.items() if s.services]


def given(of: str = "stripe-api-key", **changes: str) -> str:
    told = {"secret": of, "service": SERVICE, "rotated": "<aws.events.event.ingestion-time>"}
    return json.dumps(told | changes)


def defined(change: Callable[[Json], object]) -> Callable[[Json], None]:
    def spoil(body: Json) -> None:
        machine = properties(body, MACHINE)
        definition = json.loads(machine["DefinitionString"])
        change(definition)
        machine["DefinitionString"] = json.dumps(definition)

    return spoil


def on_stripe(path: str, value: object) -> Callable[[Json], object]:
    return setting(RULE_OF_EVENTS, STRIPE, path, value)


def test_every_consumed_secret_has_its_rule(real: Real) -> None:
    statuses = real.statuses(RULE)
    passed = {name for name, status in statuses.items() if status == "pass"}
    assert "fail" not in statuses.values()
    secrets = load_environment(real.name).secrets.items()
    rules = {f"Restart{n.title().replace('-', '')}" for n, s in secrets if s.services}
    assert passed - {None} == {NAME, *rules}
    assert "RestartDatabaseMigrations" not in rules


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.clause("DLX-SEC-1")
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("State", "DISABLED", f"nothing restarts {SERVICE} when stripe-api-key was rotated"),
        ("EventBusName", "x", f"nothing restarts {SERVICE} when stripe-api-key was rotated"),
        (
            f"{DETAIL}.$or.0.eventName",
            ["RotationStarted"],
            f"nothing restarts {SERVICE} when stripe-api-key was rotated",
        ),
        (
            f"{DETAIL}.$or.1.requestParameters.secretId",
            ["one"],
            f"nothing restarts {SERVICE} when somebody promotes a value of {SAYS_STRIPE}",
        ),
        (
            f"{DETAIL}.$or.1.requestParameters.secretId.2",
            f":{SAYS_STRIPE}",
            f"nothing restarts {SERVICE} when somebody promotes a value of {PART_OF_ARN}",
        ),
        (
            f"{DETAIL}.$or.2.requestParameters.versionStages",
            ["AWSCURRENT"],
            f"nothing restarts {SERVICE} when somebody puts a value of {SAYS_STRIPE}",
        ),
    ],
)
def test_a_new_value_that_restarts_nobody_is_said(
    production: Real, path: str, value: object, message: str
) -> None:
    assert message in faults(production, RULE, PART, on_stripe(path, value))[None]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "Targets.0.InputTransformer.InputTemplate",
            given(service="another"),
            "it restarts another, which does not read stripe-api-key",
        ),
        (
            "Targets.0.InputTransformer.InputTemplate",
            given(of="database-migrations"),
            f"it restarts {SERVICE}, which does not read database-migrations; "
            "it listens to stripe-api-key, of which it restarts nobody",
        ),
        (
            "Targets.0.InputTransformer.InputTemplate",
            given(rotated="<time>"),
            "a restart since <time> is taken for one since the rotation",
        ),
        (
            "Targets.0.DeadLetterConfig",
            ABSENT,
            "what target does not take is lost: it has no dead-letter queue",
        ),
        (
            "Targets.0.RoleArn",
            "arn:aws:iam::111122223333:role/x",
            "target is started as arn:aws:iam::111122223333:role/x, whom nobody knows",
        ),
    ],
)
def test_a_rule_restarts_who_reads_its_secret(
    production: Real, path: str, value: object, message: str
) -> None:
    assert faults(production, RULE, PART, on_stripe(path, value))[STRIPE] == message


def test_an_input_that_is_no_json_restarts_nobody(production: Real) -> None:
    spoil = on_stripe("Targets.0.InputTransformer.InputTemplate", "<x>")
    told = faults(production, RULE, PART, spoil)
    assert told[STRIPE].startswith("it restarts None, which does not read None")


def test_a_rule_that_listens_to_others_too_is_seen(production: Real) -> None:
    def spoil(body: Json) -> None:
        for name in (STRIPE, TOKEN):
            detail = properties(body, RULE_OF_EVENTS, name)["EventPattern"]["detail"]
            secrets = detail["$or"][0]["additionalEventData"]["SecretId"]
            if name == STRIPE:
                wanted = secrets
            else:
                wanted += secrets

    told = faults(production, RULE, PART, spoil)
    assert told == {STRIPE: "it listens to admin-token, of which it restarts nobody"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d.pop("TimeoutSeconds"),
            "it has no TimeoutSeconds: one that never ends is never told",
        ),
        (
            lambda d: [d["States"].pop(f"Restart{n}") for n in (1, 2, 3)],
            "it asks nobody for new tasks of the service it is given",
        ),
        (
            lambda d: [
                d["States"][f"Restart{n}"]["Parameters"].update(Cluster="x") for n in (1, 2, 3)
            ],
            "it asks nobody for new tasks of the service it is given",
        ),
    ],
)
def test_the_machine_restarts(
    production: Real, change: Callable[[Json], object], message: str
) -> None:
    assert faults(production, RULE, PART, defined(change))[NAME] == message


def test_a_machine_that_nobody_can_read_is_none(production: Real) -> None:
    told = faults(production, RULE, PART, setting(MACHINE, NAME, "DefinitionString", "{"))
    assert "it asks nobody for new tasks" in told[NAME]
    told = faults(production, RULE, PART, setting(MACHINE, NAME, "DefinitionString", OPEN))
    assert "${SomeParameter} is open" in told[NAME]


def test_it_must_exist(production: Real) -> None:
    told = faults(production, RULE, PART, setting(MACHINE, NAME, "StateMachineName", "another"))
    assert "no state machine is called rovn-production-secret-restart" in told[None]


def test_an_open_value_fails(production: Real) -> None:
    told = faults(production, RULE, PART, on_stripe(f"{DETAIL}.$or.0.eventName", [OPEN]))
    assert "${SomeParameter} is open" in told[None]


def test_other_rules_are_not_looked_at() -> None:
    rule = {"Type": RULE_OF_EVENTS, "Properties": {"ScheduleExpression": "rate(1 day)"}}
    assert verdicts(RULE, template("data", {"Thing": rule}))["Thing"] == "not_applicable"


def test_a_rule_of_another_target_is_nobodys_business(production: Real) -> None:
    pattern: Any = {"source": ["aws.secretsmanager"]}
    spoil = add("Mine", RULE_OF_EVENTS, Name="mine", EventPattern=pattern, Targets=[])
    assert faults(production, RULE, PART, spoil) == {}


@pytest.mark.parametrize("name", CONSUMED)
def test_only_this_rule_sees_a_secret_whose_readers_are_not_restarted(
    production: Real, name: str
) -> None:
    rule = f"Restart{name.title().replace('-', '')}"

    def spoil(body: Json) -> None:
        properties(body, RULE_OF_EVENTS, rule)["State"] = "DISABLED"

    assert production.caught(PART, spoil) == {("secret-consumers-restarted", "")}


def test_only_this_rule_sees_a_restart_of_somebody_else(real: Real) -> None:
    def spoil(body: Json) -> None:
        (target,) = properties(body, RULE_OF_EVENTS, STRIPE)["Targets"]
        target["InputTransformer"]["InputTemplate"] = given(service="another")

    assert real.caught(PART, spoil) == {
        ("secret-consumers-restarted", STRIPE),
        ("secret-consumers-restarted", ""),
    }
