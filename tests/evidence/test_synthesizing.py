"""A synthesis for a bundle: of the environments' files alone, and its refusal in its own words."""

import json
from pathlib import Path

import pytest

from evidence import synthesizing
from evidence.synthesizing import synthesize
from policies.findings import REPORT
from runbook.model.refusal import RefusedError

SAYS = "rovn/production is refused: a finding"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "build" / "assembly"


def application(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, code: int, report: bool
) -> None:
    """Put a program into the place of app.py that writes what it was given, and ends so."""
    app = tmp_path / "app.py"
    app.write_text(
        "import json, os, sys\nfrom pathlib import Path\n"
        "out = Path(os.environ['CDK_OUTDIR'])\nout.mkdir(parents=True, exist_ok=True)\n"
        "(out / 'seen.json').write_text(json.dumps(dict(os.environ)))\n"
        f"{report} and (out / {REPORT!r}).write_text('[]')\n"
        f"print({SAYS!r}, file=sys.stderr)\nsys.exit({code})\n",
        "utf-8",
    )
    monkeypatch.setattr(synthesizing, "APP", app)


def test_it_is_judged_by_every_plugin_and_by_no_context_of_the_caller(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_CONTEXT_JSON", '{"account": "999999999999"}')
    monkeypatch.setenv("CDK_VALIDATION", "false")
    monkeypatch.setenv("JSII_HOST_STACK_TRACES", "1")
    application(monkeypatch, tmp_path, code=0, report=True)
    assert synthesize(folder) == ""
    seen = json.loads((folder / "seen.json").read_text("utf-8"))
    assert seen["CDK_VALIDATION"] == "true"
    assert not {"CDK_CONTEXT_JSON", "JSII_HOST_STACK_TRACES"} & seen.keys()


def test_what_was_there_is_gone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    (folder / REPORT).write_text("[]", "utf-8")
    application(monkeypatch, tmp_path, code=1, report=False)
    with pytest.raises(RefusedError):
        synthesize(folder)
    assert not (folder / REPORT).exists()


def test_a_refusal_that_leaves_a_report_is_handed_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application(monkeypatch, tmp_path, code=1, report=True)
    assert synthesize(folder) == SAYS


def test_one_that_leaves_none_is_told_in_its_words(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application(monkeypatch, tmp_path, code=1, report=False)
    with pytest.raises(RefusedError, match=SAYS):
        synthesize(folder)
