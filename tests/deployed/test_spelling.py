"""Structures come back as they were declared, whatever the service's own spelling."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import Session

from runbook.deployed.spelling import as_properties, as_request


def shape(service: str, operation: str) -> Any:  # noqa: ANN401 - botocore makes them at run time
    model = Session().get_service_model(service).operation_model(operation)
    return model.input_shape


CONTAINER = {
    "DockerLabels": {"a-Key": "Kept"},
    "Image": "some-api:1",
    "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "/ecs/some-api"}},
    "Name": "app",
    "PortMappings": [{"ContainerPort": 8000}],
    "ReadonlyRootFilesystem": True,
}
TASK = {"ContainerDefinitions": [CONTAINER], "Family": "some-api"}


def test_names_change_their_case_and_keys_of_maps_do_not() -> None:
    register = shape("ecs", "RegisterTaskDefinition")
    request = as_request(register, TASK)
    [container] = request["containerDefinitions"]
    assert container["logConfiguration"]["options"] == {"awslogs-group": "/ecs/some-api"}
    assert container["dockerLabels"] == {"a-Key": "Kept"}
    assert as_properties(register, request) == TASK


def test_texts_of_a_template_become_what_the_service_takes() -> None:
    register = shape("ecs", "RegisterTaskDefinition")
    container = {
        "Name": "app",
        "PortMappings": [{"ContainerPort": "8000"}],
        "ReadonlyRootFilesystem": "true",
    }
    [made] = as_request(register, {"ContainerDefinitions": [container], "Cpu": 256})[
        "containerDefinitions"
    ]
    assert made["portMappings"] == [{"containerPort": 8000}]
    assert made["readonlyRootFilesystem"] is True
    assert as_request(register, {"Cpu": 256}) == {"cpu": "256"}


def test_bytes_of_a_search_are_text_in_a_template() -> None:
    rules = shape("wafv2", "CreateWebACL").members["Rules"]
    statement = {
        "ByteMatchStatement": {
            "FieldToMatch": {"UriPath": {}},
            "PositionalConstraint": "STARTS_WITH",
            "SearchString": "/debug",
        }
    }
    declared = [{"Name": "debug", "Priority": 1, "Statement": statement}]
    request = as_request(rules, declared)
    assert request[0]["Statement"]["ByteMatchStatement"]["SearchString"] == b"/debug"
    assert as_properties(rules, request) == declared


def test_a_name_that_differs_in_more_than_its_first_letter() -> None:
    rules = shape("wafv2", "CreateWebACL").members["Rules"]
    declared = [{"Statement": {"IPSetReferenceStatement": {"Arn": "arn:set"}}}]
    request = as_request(rules, declared)
    assert request == [{"Statement": {"IPSetReferenceStatement": {"ARN": "arn:set"}}}]
    assert as_properties(rules, request, {"ARN": "Arn"}) == declared


def test_a_document_keeps_its_own_names() -> None:
    hook = {"HookDetails": {"Some": ["a", {"b": 1}]}, "LifecycleStages": ["PRE_SCALE_UP"]}
    declared = {"DeploymentConfiguration": {"LifecycleHooks": [hook]}}
    create = shape("ecs", "CreateService")
    request = as_request(create, declared)
    [made] = request["deploymentConfiguration"]["lifecycleHooks"]
    assert made["hookDetails"] == hook["HookDetails"]
    assert as_properties(create, request) == declared


def test_what_the_service_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="ContainerDefinition of the service has no Imgae"):
        as_request(
            shape("ecs", "RegisterTaskDefinition"),
            {"ContainerDefinitions": [{"Imgae": "some-api"}]},
        )
