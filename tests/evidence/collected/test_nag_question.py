"""What is taken for a rule's question, and the forms that must not be."""

import pytest

from evidence.collected.javascript import NotReadError
from evidence.collected.nag_question import question_of

_HEAD = """
const path_1 = require("path");
const aws_cdk_lib_1 = require("aws-cdk-lib");
const aws_s3_1 = require("aws-cdk-lib/aws-s3");
const aws_rds_1 = require("aws-cdk-lib/aws-rds");
const nag_rules_1 = require("../../nag-rules");
"""
_NAMES = "}, 'name', { value: (0, path_1.parse)(__filename).name });\n"
PASS = "return nag_rules_1.NagRuleCompliance.COMPLIANT;"  # noqa: S105 - an answer
FAIL = "return nag_rules_1.NagRuleCompliance.NON_COMPLIANT;"
OTHER = "return nag_rules_1.NagRuleCompliance.NOT_APPLICABLE;"
BUCKET = "node instanceof aws_s3_1.CfnBucket"
DATABASE = "node instanceof aws_rds_1.CfnDBInstance"
A_BUCKET = ("aws-cdk-lib.aws_s3.CfnBucket",)
BOTH = (*A_BUCKET, "aws-cdk-lib.aws_rds.CfnDBInstance")


def rule(body: str, after: str = "") -> str:
    """Write a rule's module as TypeScript's compiler does."""
    return f"{_HEAD}exports.default = Object.defineProperty((node) => {{\n{body}\n{_NAMES}{after}"


@pytest.mark.parametrize(
    ("body", "classes"),
    [
        (f"if ({BUCKET}) {{ if (node.x) {{ {FAIL} }} {PASS} }} else {{ {OTHER} }}", A_BUCKET),
        (f"if ({BUCKET}) {{ {PASS} }} {OTHER}", A_BUCKET),
        (f"if ({BUCKET} ||\n {DATABASE}) {{ {PASS} }} else {{ {OTHER} }}", BOTH),
        (f"if ({BUCKET}) {FAIL} else if ({DATABASE}) {{ {PASS} }} else {{ {OTHER} }}", BOTH),
        (f"if ({BUCKET}) {{ {FAIL} }} else if ({DATABASE}) {{ {PASS} }} {OTHER}", BOTH),
        (f"if ({BUCKET}) {{ if (a) {{ {FAIL} }} else {{ {PASS} }} }} else {{ {OTHER} }}", A_BUCKET),
        (f"if ({BUCKET}) {{ throw Error('no'); }} else {{ {OTHER} }}", A_BUCKET),
        (f"// {OTHER}\nif ({BUCKET}) {{ /* {OTHER} */ {PASS} }} else {{ {OTHER} }}", A_BUCKET),
        (
            f"if ({BUCKET}) {{ f(/[}}/]/.test(`}}${{a({{}})}}`)); {PASS} }} else {{ {OTHER} }}",
            A_BUCKET,
        ),
    ],
)
def test_silence_is_a_pass_where_the_last_else_alone_is_not_applicable(
    body: str, classes: tuple[str, ...]
) -> None:
    question = question_of(rule(body))
    assert question.classes == classes
    assert question.decides


@pytest.mark.parametrize(
    "said",
    [
        "found.length ? found : nag_rules_1.NagRuleCompliance.COMPLIANT",
        "found.size ? [...found] : nag_rules_1.NagRuleCompliance.COMPLIANT",
        "found.size ? [...found].map((x) => `a::${x}`) : nag_rules_1.NagRuleCompliance.COMPLIANT",
        "a(b) ? nag_rules_1.NagRuleCompliance.COMPLIANT"
        " : nag_rules_1.NagRuleCompliance.NON_COMPLIANT",
    ],
)
def test_findings_and_choices_between_pass_and_failure_are_answers(said: str) -> None:
    assert question_of(rule(f"if ({BUCKET}) {{ return {said}; }} else {{ {OTHER} }}")).decides


@pytest.mark.parametrize(
    "guarded",
    [
        # Not applicable to some of its own.
        f"if (!node.x) {{ {OTHER} }} {PASS}",
        f"if (!node.x) {OTHER} {PASS}",
        # It may end without an answer.
        f"if (node.x) {{ {FAIL} }}",
        f"for (const a of node.x) {{ {FAIL} }}",
        "node.x.forEach((a) => { return nag_rules_1.NagRuleCompliance.COMPLIANT; });",
        "function f() { return nag_rules_1.NagRuleCompliance.COMPLIANT; }",
        # What is returned may be anything.
        "return judge(node);",
        "return found;",
        "return;",
        "return a ? judge(node) : nag_rules_1.NagRuleCompliance.COMPLIANT;",
        "return found.x ? found : nag_rules_1.NagRuleCompliance.COMPLIANT;",
        "return other_1.NagRuleCompliance.COMPLIANT;",
        "return nag_rules_1.NagRuleCompliance['N' + 'OT_APPLICABLE'];",
        "return [...a].map(b)[0];",
    ],
)
def test_silence_is_no_pass_where_the_rule_may_mean_anything_else(guarded: str) -> None:
    question = question_of(rule(f"if ({BUCKET}) {{ {guarded} }} else {{ {OTHER} }}"))
    assert question.classes == A_BUCKET
    assert not question.decides


def test_silence_is_no_pass_where_a_function_of_the_module_says_not_applicable() -> None:
    body = f"if ({BUCKET}) {{ {PASS} }} else {{ {OTHER} }}"
    assert not question_of(rule(body, f"function f() {{ {OTHER} }}")).decides


def test_silence_is_no_pass_where_a_class_falls_through_to_the_end() -> None:
    body = f"if ({BUCKET}) {{ if (node.x) {{ {FAIL} }} }} if ({DATABASE}) {{ {PASS} }} {OTHER}"
    question = question_of(rule(body))
    assert question.classes == BOTH
    assert not question.decides


def test_a_cloudformation_type_is_asked_for_too() -> None:
    custom = "node.cfnResourceType === 'Custom::Cluster'"
    question = question_of(rule(f"if ({BUCKET} || {custom}) {{ {PASS} }} else {{ {OTHER} }}"))
    assert question.types == ("Custom::Cluster",)
    assert question.asks("aws-cdk-lib.CfnResource", "Custom::Cluster")
    assert question.asks("aws-cdk-lib.aws_s3.CfnBucket", "AWS::S3::Bucket")
    assert not question.asks("aws-cdk-lib.CfnResource", "AWS::S3::Bucket")


def test_a_named_function_is_a_rule_too() -> None:
    named = f"function Named(node) {{ if ({BUCKET}) {{ {PASS} }} {OTHER} }}"
    assert question_of(f"exports.default = Named;{_HEAD}{named}").decides


@pytest.mark.parametrize(
    "body",
    [
        f"if (!({BUCKET})) {{ {OTHER} }} {PASS}",
        f"if ({BUCKET} && node.x) {{ {PASS} }} else {{ {OTHER} }}",
        f"if (node.x && ({BUCKET})) {{ {PASS} }} else {{ {OTHER} }}",
        f"if (({BUCKET})) {{ {PASS} }} else {{ {OTHER} }}",
        f"if (child instanceof aws_s3_1.CfnBucket) {{ {PASS} }} else {{ {OTHER} }}",
        f"if (node instanceof aws_s3_1.Bucket) {{ {PASS} }} else {{ {OTHER} }}",
        f"if (node instanceof aws_cdk_lib_1.CfnResource) {{ {PASS} }} else {{ {OTHER} }}",
        f"if (node instanceof aws_sqs_1.CfnQueue) {{ {PASS} }} else {{ {OTHER} }}",
        f"if (node.cfnResourceType !== 'Custom::Cluster') {{ {PASS} }} else {{ {OTHER} }}",
        f"switch (node.cfnResourceType) {{ case 'AWS::S3::Bucket': {PASS} default: {OTHER} }}",
        f"try {{ if ({BUCKET}) {{ {PASS} }} }} catch {{ {FAIL} }} {OTHER}",
        f"const bucket = {BUCKET}; if (bucket) {{ {PASS} }} else {{ {OTHER} }}",
        f"node = node.parent; if ({BUCKET}) {{ {PASS} }} else {{ {OTHER} }}",
        f"if ({BUCKET}) {{ {PASS} }} else {{ {FAIL} }}",
        f"if ({BUCKET}) {{ {PASS} }}",
        f"return {BUCKET} ? a : b;",
        f"for (const x of y) {{ if ({BUCKET}) {{ {PASS} }} }} {OTHER}",
        f"if ({BUCKET}) {{ {PASS} }} else {{ {OTHER} }} {PASS}",
        f"if ({BUCKET}) {{ {PASS} }} else {{ {OTHER}",
    ],
)
def test_a_question_of_another_form_is_not_guessed(body: str) -> None:
    with pytest.raises(NotReadError):
        question_of(rule(body))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "exports.default = judge(node);",
        "exports.default = Named;",
        "exports.default",
        rule(OTHER) + rule(OTHER).removeprefix(_HEAD),
        _HEAD + rule(OTHER),
        "exports.default = Object.defineProperty((node, other) => { });",
        "exports.default = Object.defineProperty(((node) => { return 1; }), 'name');",
    ],
)
def test_a_module_of_another_form_is_not_guessed(source: str) -> None:
    with pytest.raises(NotReadError):
        question_of(source)


def test_a_rule_that_asks_nobody_is_read_as_that() -> None:
    assert question_of(rule(OTHER)).classes == ()
