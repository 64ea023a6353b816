"""secrets-by-reference (ROVN-SEC-1)."""

import pytest

from policies.rules.secrets_by_reference import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import APP, SERVICE, TASK, Spoil, all_pass, faults, setting

SECRET = "arn:aws:secretsmanager:us-east-2:111122223333:secret:rovn/production"  # noqa: S105


def containers(body: Json, task: str = "TasksApp") -> list[Json]:
    found: list[Json] = properties(body, TASK, task)["ContainerDefinitions"]
    return found


def test_what_the_file_gives_passes(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "TasksMigrations")


def less(body: Json) -> None:
    del containers(body)[0]["Secrets"][0]


def swapped(body: Json) -> None:
    by_name = {s["Name"]: s for s in containers(body)[0]["Secrets"]}
    by_name["ADMIN_TOKEN"]["ValueFrom"] = by_name["ANTHROPIC_API_KEY"]["ValueFrom"]


def another_key(body: Json) -> None:
    by_name = {s["Name"]: s for s in containers(body)[0]["Secrets"]}
    by_name["DATABASE_USER"]["ValueFrom"] = by_name["DATABASE_PASSWORD"]["ValueFrom"]


def of_the_migrations(body: Json) -> None:
    """Give the app the right to change the schema."""
    (migrations,) = containers(body, "TasksMigrations")
    more = [s | {"Name": f"OWNER_{s['Name']}"} for s in migrations["Secrets"]]
    containers(body)[0]["Secrets"] += more


def to_the_collector(body: Json) -> None:
    app, collector = containers(body)
    collector["Secrets"] = app["Secrets"][:1]


def as_plain_text(body: Json) -> None:
    containers(body)[1]["Environment"].append({"Name": "SENTRY_DSN", "Value": "not to be shown"})


def from_a_file(body: Json) -> None:
    containers(body)[1]["EnvironmentFiles"] = [{"Type": "s3", "Value": "arn:aws:s3:::x/y.env"}]


NOT_GIVEN = "which the environment file does not give it"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (less, "passport-api does not get ADMIN_TOKEN"),
        (
            swapped,
            f"passport-api gets ADMIN_TOKEN from {SECRET}/anthropic-api-key-??????, "
            f"not from {SECRET}/admin-token-??????:token::",
        ),
        (
            another_key,
            f"passport-api gets DATABASE_USER from {SECRET}/database-application-??????:password::,"
            f" not from {SECRET}/database-application-??????:username::",
        ),
        (
            of_the_migrations,
            f"passport-api gets OWNER_DATABASE_PASSWORD, {NOT_GIVEN}; "
            f"passport-api gets OWNER_DATABASE_USER, {NOT_GIVEN}",
        ),
        (to_the_collector, f"collector gets ADMIN_TOKEN, {NOT_GIVEN}"),
        (from_a_file, "collector reads variables from files in S3, where values stand"),
        (as_plain_text, "collector has SENTRY_DSN, a secret's variable, as plain text"),
    ],
)
def test_anything_else_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {"TasksApp": message}


def test_migrations_do_not_get_the_apps(production: Real) -> None:
    def spoil(body: Json) -> None:
        app = {s["Name"]: s for s in containers(body)[0]["Secrets"]}
        containers(body, "TasksMigrations")[0]["Secrets"][1] = app["DATABASE_USER"]

    assert faults(production, RULE, APP, spoil) == {
        "TasksMigrations": "migrations gets DATABASE_USER from "
        f"{SECRET}/database-application-??????:username::, "
        f"not from {SECRET}/database-migrations-??????:username::"
    }


def test_an_open_reference_fails(production: Real) -> None:
    spoil = setting(TASK, "TasksApp", "ContainerDefinitions.0.Secrets.0.ValueFrom", OPEN)
    (said,) = faults(production, RULE, APP, spoil).values()
    assert said.startswith("${SomeParameter} cannot be known before the deploy")


def test_a_task_that_nobody_runs_gets_nothing(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "TaskDefinition", "another")
    said = faults(production, RULE, APP, spoil)["TasksApp"]
    assert said.startswith(f"passport-api gets ADMIN_TOKEN, {NOT_GIVEN}; ")


def test_somebody_must_read_what_the_file_gives(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "LoadBalancers.0.ContainerName", "another")
    said = faults(production, RULE, APP, spoil)["TasksApp"]
    assert said.startswith("no container of it reads the secrets of passport-api")


def test_only_this_rule_sees_another_secret(real: Real) -> None:
    assert real.caught(APP, of_the_migrations) == {("secrets-by-reference", "TasksApp")}
