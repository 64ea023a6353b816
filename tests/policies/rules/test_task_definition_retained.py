"""task-definition-retained (ROVN-DEP-5)."""

from policies.rules.task_definition_retained import RULE
from tests.policies.rules.harness import OPEN, Json, Real, resource, template, verdicts
from tests.policies.rules.spoiling import APP, TASK, all_pass

GONE = "is Delete, not Retain: the revision is deregistered"


def said(**policies: object) -> str:
    return verdicts(RULE, template("app", {"Task": {"Type": TASK} | policies}))["Task"]


def test_every_kept_revision_passes(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "TasksMigrations")


def test_what_is_deleted_fails() -> None:
    kept: Json = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    assert said(**kept) == "pass"
    assert said(DeletionPolicy="Retain") == f"UpdateReplacePolicy {GONE}"
    assert said(UpdateReplacePolicy="Retain") == f"DeletionPolicy {GONE}"
    assert said() == f"DeletionPolicy {GONE}; UpdateReplacePolicy {GONE}"
    assert said(**kept | {"DeletionPolicy": OPEN}) == "DeletionPolicy is not text"


def test_only_this_rule_sees_a_revision_that_goes(real: Real) -> None:
    def spoil(body: Json) -> None:
        resource(body, TASK, "TasksApp")["UpdateReplacePolicy"] = "Delete"

    assert real.caught(APP, spoil) == {("task-definition-retained", "TasksApp")}
