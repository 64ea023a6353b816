"""container-user."""

import pytest

from policies.rules.container_user import RULE
from tests.policies.rules.harness import OPEN, Real, template, verdicts
from tests.policies.rules.spoiling import APP, TASK, all_pass, setting


def said(**container: object) -> str:
    body = {"Type": TASK, "Properties": {"ContainerDefinitions": [{"Name": "app"} | container]}}
    return verdicts(RULE, template("app", {"Task": body}))["Task"]


def test_every_container_of_ours_passes(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "TasksMigrations")


@pytest.mark.parametrize("user", ["10001:10001", "10001", 1])
def test_a_number_passes(user: object) -> None:
    assert said(User=user) == "pass"


@pytest.mark.parametrize("user", ["", "0", "00", "0:0", "0:10001", "root", "nobody", "1:wheel", 0])
def test_root_and_names_fail(user: object) -> None:
    assert said(User=user) == f"app runs as {user!r}, not as a number other than 0"


def test_the_images_own_user_fails() -> None:
    assert said() == "app names no user: the image decides, and root is its default"


def test_an_open_user_fails() -> None:
    assert said(User=OPEN).startswith("ContainerDefinitions.0.User: ${SomeParameter} is open")


def test_only_this_rule_sees_root(real: Real) -> None:
    spoil = setting(TASK, "TasksApp", "ContainerDefinitions.1.User", "0")
    assert real.caught(APP, spoil) == {("container-user", "TasksApp")}
