"""A template that was edited after the synthesis is not what the packs judged."""

import json
from pathlib import Path

import pytest

from evidence.collected.assembly import read_assembly, templates_of
from evidence.collected.unchanged_templates import unchanged_templates
from evidence.model import Row, Verdict
from runbook.model.loader import load_environment
from tests.assembly import Assembly
from tests.policies.templates.test_assembly import BODY, stack, write


def told(folder: Path) -> list[Row]:
    return list(unchanged_templates("CDK", folder, read_assembly(folder).templates))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write an assembly of one stack, which is uploaded under its own hash."""
    made = write(tmp_path / "out", {"Data": stack("data.json")}, data=BODY)
    [template] = read_assembly(made).templates
    files = {template.sha256: {"source": {"path": "data.json"}}}
    (made / "Data.assets.json").write_text(json.dumps({"files": files}), "utf-8")
    return made


def test_a_template_as_it_was_synthesized_passes(folder: Path) -> None:
    assert [(row.template, row.verdict) for row in told(folder)] == [("data.json", Verdict.PASS)]


@pytest.mark.clause("ALL-4")
def test_one_byte_more_fails(folder: Path) -> None:
    with (folder / "data.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    [row] = told(folder)
    assert row.verdict is Verdict.FAIL
    assert "changed after it was synthesized" in row.message


@pytest.mark.parametrize("text", [None, "{", "[]", '{"files": {"x": {}}}', '{"files": {}}'])
def test_where_no_hash_is_recorded_no_pass_is_claimed(folder: Path, text: str | None) -> None:
    recorded = folder / "Data.assets.json"
    recorded.unlink() if text is None else recorded.write_text(text, "utf-8")
    assert [row.verdict for row in told(folder)] == [Verdict.NOT_APPLICABLE]


def test_the_real_templates_that_are_uploaded_pass(assembly: Assembly) -> None:
    reading = read_assembly(assembly.directory)
    own = templates_of(load_environment("rovn/production"), reading)
    rows = list(unchanged_templates("CDK", assembly.directory, own))
    # What an administrator deploys before the bootstrap has no bucket to be uploaded to.
    for row in rows:
        before = "production-bootstrap/" in row.template
        assert row.verdict is (Verdict.NOT_APPLICABLE if before else Verdict.PASS)
    assert Verdict.PASS in {row.verdict for row in rows}
