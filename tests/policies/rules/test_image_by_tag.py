"""image-by-tag (ROVN-DEP-2, ROVN-DEP-3)."""

import pytest

from policies.rules.image_by_tag import RULE
from tests.policies.rules.harness import OPEN, Json, Real
from tests.policies.rules.spoiling import APP, SERVICE, TASK, Spoil, add, all_pass, faults, setting

REGISTRY = "111122223333.dkr.ecr.us-east-2.amazonaws.com"
OWN = f"{REGISTRY}/rovn-passport-api:${{ImageTag}}"


def app(image: object, container: int = 0) -> Spoil:
    return setting(TASK, "TasksApp", f"ContainerDefinitions.{container}.Image", image)


def tagged(repository: str, tag: object) -> Json:
    return {"Fn::Join": ["", [f"{repository}:", tag]]}


def test_the_services_own_image_and_pinned_ones_pass(real: Real) -> None:
    assert all_pass(real, RULE, "TasksApp", "TasksMigrations")


TAG = {"Ref": "ImageTag"}
FIXED = f"{REGISTRY}/rovn-passport-api:prod-20260510220219"
COLLECTOR = f"{REGISTRY}/collector"
CHANGES = "whose image can change: it has no fixed tag"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (app(FIXED), f"passport-api runs {FIXED}, not {OWN}"),
        # As text, and not the parameter's value.
        (app(OWN), f"passport-api runs {OWN}, not {OWN}"),
        (
            app(tagged(f"{REGISTRY}/another", TAG)),
            f"passport-api runs {REGISTRY}/another:${{ImageTag}}, not {OWN}",
        ),
        (
            app(tagged(f"{REGISTRY}/rovn-passport-api", OPEN)),
            f"passport-api runs {REGISTRY}/rovn-passport-api:${{SomeParameter}}, not {OWN}",
        ),
        (
            app("public.ecr.aws/x:1", 1),
            f"collector runs public.ecr.aws/x:1, which is not in {REGISTRY}",
        ),
        (app(f"{COLLECTOR}:latest", 1), f"collector runs {COLLECTOR}:latest, {CHANGES}"),
        (app(COLLECTOR, 1), f"collector runs {COLLECTOR}, {CHANGES}"),
    ],
)
def test_another_image_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {"TasksApp": message}


def test_a_digest_is_pinned(production: Real) -> None:
    assert faults(production, RULE, APP, app(f"{COLLECTOR}@sha256:{'0' * 64}", 1)) == {}


def test_an_open_image_of_another_container_fails(production: Real) -> None:
    (said,) = faults(production, RULE, APP, app(OPEN, 1)).values()
    assert said.startswith("ContainerDefinitions.1.Image: ${SomeParameter} is open")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Default": "x"}, "ImageTag has a default: a stack update can bring that image back"),
        ({"AllowedPattern": ".*"}, "ImageTag takes String .*, not String "),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "ImageTag takes AWS::SSM::Parameter::"),
    ],
)
def test_the_parameter_is_the_files(production: Real, given: Json, message: str) -> None:
    def spoil(body: Json) -> None:
        body["Parameters"]["ImageTag"] |= given

    said = faults(production, RULE, APP, spoil)
    assert set(said) == {"TasksApp", "TasksMigrations"}
    assert all(text.startswith(message) for text in said.values())


def test_a_task_that_no_service_runs_has_pinned_images_too(production: Real) -> None:
    once = add("Once", TASK, ContainerDefinitions=[{"Name": "once", "Image": "busybox"}])
    assert faults(production, RULE, APP, once) == {
        "Once": f"once runs busybox, which is not in {REGISTRY}; once runs busybox, {CHANGES}"
    }


def test_the_container_that_is_served_must_be_there(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "LoadBalancers.0.ContainerName", "another")
    said = faults(production, RULE, APP, spoil)["TasksApp"]
    assert said.startswith("the container that requests go to is not in it")


def test_the_task_definition_must_be_one_of_the_templates(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "TaskDefinition", "rovn-passport-api")
    missing = "rovn-passport-api runs a task definition that is not in these templates"
    assert faults(production, RULE, APP, spoil)[None] == missing


def test_only_this_rule_sees_an_image_that_can_change(real: Real) -> None:
    account = real.reading.templates[0].account
    spoil = app(f"{account}.dkr.ecr.us-east-2.amazonaws.com/collector:latest", 1)
    assert real.caught(APP, spoil) == {("image-by-tag", "TasksApp")}


def test_an_export_of_the_same_name_is_not_the_parameter(production: Real) -> None:
    other = {"Fn::Sub": [OWN, {"ImageTag": {"Fn::ImportValue": "ImageTag"}}]}
    assert set(faults(production, RULE, APP, app(other))) == {"TasksApp"}
