"""The exact lists: ARNs only, and every consumer of a secret is one of them."""

import re

from runbook.access.principals import Principals

ARN = re.compile(r"arn:aws:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+")


def test_every_entry_is_one_principal(principals: Principals) -> None:
    lists = [
        principals.may_change_stacks,
        principals.may_edit_secrets,
        principals.may_publish_evidence,
        principals.may_push_images,
        principals.may_run_tasks,
        principals.may_shift_traffic,
        principals.may_start_deploys,
        principals.may_update_services,
        principals.may_write_records,
        *principals.passable.values(),
        *(principals.may_read(secret) for secret in principals.environment.secrets),
        *(principals.may_write(secret) for secret in principals.environment.secrets),
    ]
    for entries in lists:
        assert entries
        assert all(ARN.fullmatch(arn) for arn in entries)
        assert len(set(entries)) == len(entries)


def test_migrations_and_the_service_read_their_own_database_user(principals: Principals) -> None:
    people = list(principals.break_glass)
    roles = principals.service_roles("passport-api")
    of_users = [principals.rotation(f"database-{user}") for user in ("application", "migrations")]
    for user, reader, rotation in zip(
        ("application", "migrations"),
        (roles.execution, roles.migrations_execution),
        of_users,
        strict=True,
    ):
        name = f"database-{user}"
        assert list(principals.may_read(name)) == [reader, rotation, *people]
        assert list(principals.may_write(name)) == [rotation, *people]
    creator = principals.cdk_role("cfn-exec", principals.environment.region)
    own = principals.rotation("database-master")
    # Who alone may change the other users is asked by their functions.
    assert list(principals.may_read("database-master")) == [creator, own, *of_users, *people]
    assert list(principals.may_write("database-master")) == [creator, own, *people]


def test_what_an_operator_brings_no_function_reads_or_writes(principals: Principals) -> None:
    roles, people = principals.service_roles("passport-api"), list(principals.break_glass)
    assert list(principals.may_read("stripe-api-key")) == [roles.execution, *people]
    assert list(principals.may_write("stripe-api-key")) == people
    assert len(principals.rotations) == 7


def test_a_gate_runs_tasks_and_a_service_without_one_has_none(principals: Principals) -> None:
    steps = principals.gate_roles("passport-api").steps
    assert set(principals.may_run_tasks) - set(principals.may_update_services) == {steps}
    service = principals.environment.services["passport-api"]
    rolling = service.model_copy(update={"strategy": "rolling", "gate": None})
    services = {"passport-api": rolling}
    without = Principals(principals.environment.model_copy(update={"services": services}))
    assert without.may_run_tasks == without.may_update_services
    assert without.passable["states.amazonaws.com"] == (principals.secret_restart,)
    of_gates = set(principals.passable["lambda.amazonaws.com"]) - set(
        without.passable["lambda.amazonaws.com"]
    )
    gate = principals.gate_roles("passport-api")
    assert of_gates == {gate.hook, gate.probe, gate.steps}


def test_role_names_fit_into_iam(principals: Principals) -> None:
    """64 characters, also for the longest names that an environment file takes."""
    names = [arn.rpartition("/")[2] for arns in principals.passable.values() for arn in arns] + [
        role.rpartition("/")[2] for role in principals.cdk_roles("image-publishing")
    ]
    assert all(len(name) <= 64 for name in names)
