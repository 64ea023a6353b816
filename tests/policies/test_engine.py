"""The engine fails closed: whatever cannot be judged is said, and is never a pass."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.engine import check
from policies.report import Result, Status
from policies.rule import ANY, Rule
from policies.rules import all_rules
from policies.rules.key_rotation import RULE as KEY_ROTATION
from policies.templates.assembly import Reading, Template, Trouble, read
from policies.templates.scope import Resource, Scope, Stack
from runbook.model.refusal import RefusedError
from tests.assembly import Assembly
from tests.policies.crashing_rule import CRASHING
from tests.policies.rules.harness import OPEN, template

KEY = {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}}
STILL = {"Type": "AWS::KMS::Key"}


def results(*templates: Template, rules: tuple[Rule, ...] = (KEY_ROTATION,)) -> list[Result]:
    return list(check(Reading(templates, (), whole=True), rules).results)


def told(*templates: Template, rules: tuple[Rule, ...] = (KEY_ROTATION,)) -> list[tuple[str, str]]:
    return [(r.status.value, r.message) for r in results(*templates, rules=rules)]


def test_passes_are_told_too() -> None:
    [result] = results(template("data", {"Key": KEY}))
    assert (result.rule, result.status, result.resource) == ("key-rotation", Status.PASS, "Key")
    assert result.controls == KEY_ROTATION.controls


def test_a_rule_that_raises_is_an_error() -> None:
    body = template("data", {"Key": KEY})
    assert told(body, rules=(CRASHING,)) == [
        ("error", "the rule itself failed: KeyError: 'NoSuchProperty'")
    ]


def _raises(*_: object) -> Iterator[str]:
    raise RuntimeError("no")


def _concerns(*_: object) -> bool:
    raise RuntimeError("no")


@pytest.mark.parametrize(
    "rule",
    [
        replace(CRASHING, concerns=_concerns),
        replace(CRASHING, judge=None, judge_stack=_raises),
        replace(CRASHING, judge=None, required=_raises),
    ],
)
def test_a_rule_that_raises_anywhere_is_an_error(rule: Rule) -> None:
    assert told(template("data", {"Key": KEY}), rules=(rule,)) == [
        ("error", "the rule itself failed: RuntimeError: no")
    ]


def test_a_template_without_label_is_an_error() -> None:
    body = template("data", {"Key": KEY})
    bare = replace(body, body={"Resources": body.body["Resources"]})
    [(status, message)] = told(bare)
    assert status == "error"
    assert "Metadata.Runbook does not say" in message
    named = check(Reading((bare,), (), whole=False), [KEY_ROTATION], environment="rovn/production")
    assert named.clean


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ({"Organisation": "acme", "Environment": "x"}, "environment 'acme/x' is refused"),
        (
            {"Organisation": "rovn", "Environment": "production", "Tier": "synthetic"},
            "Metadata.Runbook says tier 'synthetic', rovn/production is phi",
        ),
        ({"Organisation": "rovn"}, "Metadata.Runbook does not say"),
        (["rovn"], "Metadata.Runbook does not say"),
    ],
)
def test_a_label_that_fits_nothing_is_an_error(label: object, said: str) -> None:
    body = template("data", {"Key": KEY})
    wrong = replace(body, body={**body.body, "Metadata": {"Runbook": label}})
    status, message = told(wrong)[0]
    assert status == "error"
    assert said in message


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"Transform": "AWS::Serverless-2016-10-31"}, "Transform changes it after this check"),
        ({"Resources": {"Fn::ForEach::Keys": []}}, "Fn::ForEach::Keys makes resources"),
        ({"Resources": {"Key": {"Properties": {}}}}, "Key is no resource: it has no Type"),
        ({"Resources": {"Key": "text"}}, "Key is no resource: it has no Type"),
        ({"Resources": {"Key": {"Type": OPEN}}}, "Key is no resource: it has no Type"),
    ],
)
def test_what_is_not_final_is_an_error(sections: dict[str, Any], said: str) -> None:
    body = template("data", {})
    found = told(replace(body, body={**body.body, **sections}))
    assert any(status == "error" and said in message for status, message in found)


def test_a_condition_is_judged_both_ways() -> None:
    rotates = {"Fn::If": ["IsBig", True, False]}
    key = {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": rotates}}
    body = template("data", {"Key": key}, Conditions={"IsBig": {"Fn::Equals": ["a", "a"]}})
    assert told(body) == [
        ("fail", "EnableKeyRotation is not true: the key's material is never replaced")
    ]


def test_too_many_conditions_are_an_error() -> None:
    conditions = {f"C{n}": {"Fn::Equals": ["a", "a"]} for n in range(7)}
    [(status, message)] = told(template("data", {"Key": STILL}, Conditions=conditions))
    assert (status, message[:25]) == ("error", "it cannot be worked out: ")


def test_what_must_exist_is_asked_of_whole_assemblies_alone() -> None:
    rule = replace(KEY_ROTATION, required=lambda _: ["there is no key"])
    body = template("data", {"Key": KEY})
    assert ("fail", "there is no key") in told(body, rules=(rule,))
    assert check(Reading((body,), (), whole=False), [rule]).clean


def test_a_rule_with_nothing_to_look_at_says_so() -> None:
    [(status, message)] = told(template("data", {}))
    assert status == "not_applicable"
    assert message == "rovn/production has nothing that the rule looks at"


def test_environments_are_judged_apart() -> None:
    production = template("data", {"Key": KEY})
    staging = replace(template("data", {"Key": STILL}, environment="rovn/staging"), path="s.json")
    assert {(r.template, r.status.value) for r in results(production, staging)} == {
        ("data.template.json", "pass"),
        ("s.json", "fail"),
    }


def test_an_environment_that_is_deployed_elsewhere_is_judged_there() -> None:
    def says_account(_: Resource, scope: Scope) -> Iterator[str]:
        yield f"{scope.environment.account} {scope.environment.region}"

    rule = replace(KEY_ROTATION, judge=says_account)
    network = template("network", {"Key": KEY})
    moved = replace(network, account="999988887777", region="us-east-1")
    assert told(moved, rules=(rule,)) == [("fail", "999988887777 us-east-1")]


def test_a_label_does_not_bring_its_clauses_to_another_environments_account() -> None:
    body = template("data", {"Key": KEY}, environment="rovn/staging")
    assert (
        "error",
        "it says it is of rovn/staging, and goes to the account of rovn/production",
    ) in told(replace(body, account="111122223333"))


def test_a_waived_failure_is_waived_and_nothing_else() -> None:
    metadata = {"aws:cdk:path": "rovn-production/Data/Key"}
    body = template("data", {"Key": {**STILL, "Metadata": metadata}, "Other": STILL})
    waived = {("key-rotation", "rovn-production/Data/Key"): "It protects nothing yet."}
    report = check(Reading((body,), (), whole=True), [KEY_ROTATION], waived=waived)
    assert [r.status.value for r in report.results] == ["waived", "fail"]
    assert report.results[0].message.endswith("(waived: It protects nothing yet.)")
    firm = replace(KEY_ROTATION, waivable=False)
    report = check(Reading((body,), (), whole=True), [firm], waived=waived)
    assert [r.status.value for r in report.results] == ["fail", "fail"]


def test_a_rule_about_stacks_has_a_result_for_each() -> None:
    def says_name(stack: Stack, _: Scope) -> Iterator[str]:
        yield stack.template.stack

    rule = replace(KEY_ROTATION, types=(), judge=None, judge_stack=says_name)
    assert told(template("data", {}), rules=(rule,)) == [("fail", "rovn-production-data")]


def test_a_rule_may_look_at_everything() -> None:
    rule = replace(KEY_ROTATION, types=ANY, judge=lambda resource, _: [resource.type])
    resources = {"Key": KEY, "Raw": {"Type": "AWS::SNS::Topic"}}
    assert told(template("data", resources), rules=(rule,)) == [
        ("fail", "AWS::KMS::Key"),
        ("fail", "AWS::SNS::Topic"),
    ]


def test_trouble_in_reading_is_an_error() -> None:
    trouble = Trouble("x.template.json", "it is not there")
    report = check(Reading((), (trouble,), whole=True), [])
    assert not report.clean
    assert report.results[0].rule == "template-judged"


def test_the_report_is_the_interface_others_rely_on() -> None:
    report = check(Reading((template("data", {"Key": STILL}),), (), whole=True), [KEY_ROTATION])
    assert report.as_json() == {
        "schema": 1,
        "summary": {"pass": 0, "fail": 1, "waived": 0, "not_applicable": 0, "error": 0},
        "templates": [{"path": "data.template.json", "sha256": "0" * 64}],
        "results": [
            {
                "rule": "key-rotation",
                "status": "fail",
                "template": "data.template.json",
                "resource": "Key",
                "type": "AWS::KMS::Key",
                "construct_path": None,
                "location": None,
                "message": "EnableKeyRotation is not true: the key's material is never replaced",
                "clauses": [],
                "controls": list(KEY_ROTATION.controls),
            }
        ],
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Ref",
                    "Fn::GetAtt",
                    "Fn::Join",
                    "Fn::Sub",
                    "Fn::If",
                    "Fn::Select",
                    "Fn::ImportValue",
                ]
            )
            | st.text(max_size=6),
            inner,
            max_size=2,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_template_makes_the_engine_raise_or_stay_silent(
    data: st.DataObject, assembly: Assembly
) -> None:
    """Put anything anywhere into a real template: judged it is, and by every rule."""
    reading = _first_environment(assembly)
    victim = data.draw(st.sampled_from(range(len(reading.templates))))
    body = json.loads(json.dumps(reading.templates[victim].body))
    parent, key = _somewhere(body, data)
    parent[key] = data.draw(JSON)
    templates = list(reading.templates)
    templates[victim] = replace(templates[victim], body=body)
    if not isinstance(body.get("Resources"), dict):
        return  # read() does not let such a thing through
    report = check(replace(reading, templates=tuple(templates)), all_rules())
    judged = {result.rule for result in report.results}
    assert not report.clean or judged >= {rule.id for rule in all_rules()}
    assert report.results


def _first_environment(assembly: Assembly) -> Reading:
    reading = read(assembly.directory)
    mine = tuple(t for t in reading.templates if t.label == ("rovn", "production"))
    return replace(reading, templates=mine)


def _somewhere(body: Any, data: st.DataObject) -> tuple[Any, Any]:  # noqa: ANN401 - JSON
    """Walk down from the top to a random place."""
    parent, key = body, data.draw(st.sampled_from(sorted(body)))
    for _ in range(data.draw(st.integers(0, 7))):
        inner = parent[key]
        if isinstance(inner, dict) and inner:
            parent, key = inner, data.draw(st.sampled_from(sorted(inner)))
        elif isinstance(inner, list) and inner:
            parent, key = inner, data.draw(st.integers(0, len(inner) - 1))
    return parent, key


def test_a_folder_without_manifest_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"there is no manifest\.json in it"):
        read(tmp_path)


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::CloudFormation::StackSet",
        "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
        "Some::S3::Bucket",
        "AWS::S3::Bucket::MODULE",
    ],
)
def test_what_makes_resources_elsewhere_is_an_error(kind: str) -> None:
    found = results(template("data", {"Thing": {"Type": kind}}))
    said = f"Thing is {kind}: what it makes is not here to be judged"
    assert said in [result.message for result in found]
