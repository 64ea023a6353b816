"""A secret's value is compared where a template refers to it, and no message can show it."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.stub import Stubber

from runbook.deployed.deployed_stack import DeployedStack
from runbook.deployed.equivalence import scalar_form
from runbook.deployed.intrinsics import UnresolvableError
from runbook.deployed.secret_text import SecretText, hidden, holds_secret
from sandbox.endpoint import Endpoint
from tests.deployed.test_comparison import Stack, compared

CANARY = "canary-7f3b"
ARN = "arn:aws:secretsmanager:us-east-2:111122223333:secret:a/b-AbCdEf"
REFERENCE = f"{{{{resolve:secretsmanager:{ARN}:SecretString:password::}}}}"


@dataclass
class WithSecret(Stack):
    """A stack that knows one secret, and keeps what it was asked for."""

    asked: list[tuple[str, str, str, str]] = field(default_factory=list)

    def secret(self, secret_id: str, key: str, stage: str, version: str) -> str:
        self.asked.append((secret_id, key, stage, version))
        return CANARY


def declaring(value: object, live: object) -> WithSecret:
    stack = WithSecret()
    stack.properties["DelaySeconds"] = value
    stack.live["DelaySeconds"] = live
    return stack


@pytest.mark.parametrize(
    ("reference", "asked"),
    [
        (REFERENCE, (ARN, "password", "", "")),
        ("{{resolve:secretsmanager:name}}", ("name", "", "", "")),
        (f"{{{{resolve:secretsmanager:{ARN}}}}}", (ARN, "", "", "")),
        (
            "{{resolve:secretsmanager:n:SecretString:k:AWSPREVIOUS}}",
            ("n", "k", "AWSPREVIOUS", ""),
        ),
        ("{{resolve:secretsmanager:n:SecretString:::v-1}}", ("n", "", "", "v-1")),
        ({"Fn::Join": ["", ["{{resolve:secretsmanager:", "n", "}}"]]}, ("n", "", "", "")),
        ({"Fn::Sub": "{{resolve:secretsmanager:${AWS::StackName}}}"}, ("orders", "", "", "")),
    ],
)
def test_a_reference_asks_for_its_secret(
    reference: object, asked: tuple[str, str, str, str]
) -> None:
    stack = WithSecret()
    assert stack.resolver.resolve(reference) == SecretText.of(CANARY)
    assert stack.asked == [asked]


@pytest.mark.parametrize(
    "reference",
    [
        "{{resolve:ssm:/name}}",
        "{{resolve:ssm-secure:/name:1}}",
        "{{resolve:secretsmanager}}",
        "{{resolve:secretsmanager:}}",
        "{{resolve:secretsmanager:n:SecretBinary}}",
        "{{resolve:secretsmanager:n:SecretString:k:s:v:more}}",
        "{{resolve:secretsmanager:n",
    ],
)
def test_refuses_other_references(reference: str) -> None:
    with pytest.raises(UnresolvableError, match="dynamic reference"):
        WithSecret().resolver.resolve([reference])


def test_a_stand_in_equals_that_of_the_same_text_only() -> None:
    text = SecretText.of(CANARY)
    assert text == SecretText.of(CANARY)
    assert text == SecretText.of(text)
    assert text != SecretText.of(f"{CANARY} ")
    assert text != CANARY


def test_a_stand_in_shows_nothing() -> None:
    resolved = WithSecret().resolver.resolve({"Deep": [f"postgres://u:{REFERENCE}@h", "other"]})
    assert holds_secret(resolved)
    assert resolved["Deep"][1] == "other"
    text = resolved["Deep"][0]
    shown = [str(text), repr(text), f"{text}", repr(resolved), json.dumps(resolved), text.upper()]
    assert not any(CANARY in each.lower() for each in shown)
    assert CANARY.encode() not in pickle.dumps(text)


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        (REFERENCE, CANARY),
        (f"postgres://u:{REFERENCE}@h", f"postgres://u:{CANARY}@h"),
        ({"A": REFERENCE, "B": 1}, {"A": CANARY, "B": "1"}),
        ([REFERENCE, True], [CANARY, "true"]),
    ],
)
def test_a_live_value_that_is_the_secret_is_no_difference(declared: object, live: object) -> None:
    assert compared(declaring(declared, live)).differences == []


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        (REFERENCE, f"{CANARY}-of-yesterday"),
        (f"{REFERENCE}!", CANARY),
        ([REFERENCE, "a"], ["a", CANARY]),
        ([REFERENCE], [CANARY, CANARY]),
        ([REFERENCE], CANARY),
        ({"A": REFERENCE, "B": "b"}, {"A": "b", "B": CANARY}),
        ({"A": REFERENCE}, [CANARY]),
        ([{"Key": "k", "Value": REFERENCE}], [{"Key": CANARY, "Value": CANARY}]),
        (
            {"Statement": {"Effect": "Allow", "Resource": REFERENCE}},
            {"Statement": {"Effect": "Deny", "Resource": CANARY}},
        ),
        (REFERENCE, None),
    ],
)
def test_no_difference_shows_a_secret(declared: object, live: object) -> None:
    differences = compared(declaring(declared, live)).differences
    assert differences
    for difference in differences:
        assert difference.property.startswith("DelaySeconds")
        assert CANARY not in repr(difference) + str(difference)


def test_a_secret_in_an_output_is_a_difference_that_does_not_show_it() -> None:
    stack = WithSecret(outputs={"Name": CANARY})
    stack.template["Outputs"]["Name"]["Value"] = REFERENCE
    [difference] = compared(stack).differences
    assert "for everybody to read" in difference.message
    assert CANARY not in repr(difference)


def test_hides_every_single_value() -> None:
    value = {"A": ["t", 1, 2.0, True, None], "B": SecretText.of("t")}
    text = hidden(value, scalar_form)
    assert text["A"][:4] == [SecretText.of(each) for each in ("t", "1", "2", "true")]
    assert text["A"][4] is None
    assert text["B"] == text["A"][0]


@pytest.mark.parametrize(
    ("value", "key", "found"),
    [
        (json.dumps({"password": CANARY}), "password", CANARY),
        (json.dumps({"port": 5432}), "port", "5432"),
        (CANARY, "", CANARY),
        (CANARY, "password", None),
        (json.dumps({"other": CANARY}), "password", None),
        (json.dumps([CANARY]), "password", None),
        (json.dumps(CANARY), "password", None),
    ],
)
def test_a_deployed_stack_reads_the_secret(value: str, key: str, found: str | None) -> None:
    answer = {"SecretString": value}
    expected = {"SecretId": ARN}
    if found is not None:
        assert read(key, "", "", answer, expected) == found
    else:
        with pytest.raises(UnresolvableError, match="holds no such value") as caught:
            read(key, "", "", answer, expected)
        assert CANARY not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_deployed_stack_asks_for_the_version() -> None:
    answer: dict[str, Any] = {"SecretString": CANARY}
    by_stage = {"SecretId": ARN, "VersionStage": "AWSPREVIOUS"}
    assert read("", "AWSPREVIOUS", "", answer, by_stage) == CANARY
    by_id = {"SecretId": ARN, "VersionId": "v" * 32}
    assert read("", "", "v" * 32, answer, by_id) == CANARY


def test_a_secret_that_is_not_there_is_unresolvable() -> None:
    with pytest.raises(UnresolvableError, match="ResourceNotFoundException"):
        read("", "", "", "ResourceNotFoundException", {})


def read(
    key: str, stage: str, version: str, answer: dict[str, Any] | str, expected: dict[str, str]
) -> str:
    # A region of its own, so that no other test shares the stubbed client.
    endpoint = Endpoint("http://127.0.0.1:9", "111122223333", "us-test-2")
    stack = DeployedStack(
        name="s",
        stack_id="arn:aws:cloudformation:us-test-2:111122223333:stack/s/1",
        place=endpoint,
        template={},
        termination_protection=False,
        parameters={},
        outputs={},
        resources={},
        exports={},
        own_exports={},
    )
    with Stubber(endpoint.client("secretsmanager")) as stubber:
        if isinstance(answer, str):
            stubber.add_client_error("get_secret_value", answer)
        else:
            stubber.add_response("get_secret_value", answer, expected)
        return stack.secret(ARN, key, stage, version)
