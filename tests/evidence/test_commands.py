"""`runbook evidence` as people and pipelines read it."""

import gc
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner, Result

from evidence import bundle, gathering, synthesizing
from evidence.bundle_files import EVIDENCE
from evidence.commands import EnvironmentOrCommand
from evidence.formats import oscal
from evidence.model import Commit, Evidence, Verdict
from evidence.summary import SHOWN
from policies.findings import REPORT
from runbook.cli import app
from runbook.model.refusal import RefusedError
from tests.evidence.samples import evidence, row

Gathered = Callable[..., list[dict[str, Any]]]


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["evidence", *map(str, words)])


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gathered:
    """Give evidence without a minute of judging, in a folder of its own; keep how it was asked."""
    monkeypatch.chdir(tmp_path)
    Path("cdk.out").mkdir()
    # The other formats have tests of their own.
    monkeypatch.setattr(bundle, "FORMATS", {EVIDENCE: "evidence_json"})

    def given(*found: Evidence) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def gather(assembly: Path, environments: Any, **more: Any) -> tuple[Evidence, ...]:  # noqa: ANN401
            asked.append({"assembly": assembly, "of": [e.name for e in environments], **more})
            return found

        monkeypatch.setattr(gathering, "gather", gather)
        return asked

    return given


def clean(**changes: object) -> Evidence:
    return evidence(rows=(row(Verdict.PASS),), **changes)


def test_what_passes_is_told_with_counts_gaps_and_what_to_do_next(gathered: Gathered) -> None:
    asked = gathered(clean())
    done = run("rovn/production", "--assembly", "cdk.out")
    assert done.exit_code == 0, done.output
    assert asked[0]["assembly"] == Path("cdk.out")
    assert asked[0]["of"] == ["rovn/production"]
    assert asked[0]["refused"] is None
    for said in (
        "acme/production  build/evidence/acme/production/index.html",
        "0 fail, 0 error, 0 waived, 1 pass",
        "1 broken, 1 gap, 1 weak, 1 held with exceptions, 1 held",
        "clauses   0 broken, 0 open, 1 kept in part, 1 kept",
        "gap The rehearsal was of acme/staging.",
        "Next: runbook evidence verify build/evidence/acme/production",
    ):
        assert said in done.stdout
    verified = run("verify", "build/evidence/acme/production")
    assert verified.exit_code == 0, verified.output


def test_every_environment_is_written_when_none_is_named(gathered: Gathered) -> None:
    asked = gathered(clean(), clean(environment="staging"))
    assert run("--assembly", "cdk.out", "--out", "elsewhere").exit_code == 0
    assert asked[0]["of"] == ["rovn/production", "rovn/staging"]
    for name in ("production", "staging"):
        assert Path("elsewhere", "acme", name, EVIDENCE).is_file()


@pytest.mark.clause("ALL-4")
def test_failures_are_listed_the_bundle_is_written_and_the_code_is_1(gathered: Gathered) -> None:
    many = [row(Verdict.FAIL, resource=f"Bucket{n}", construct_path=f"x/{n}") for n in range(30)]
    gathered(evidence(rows=tuple(many)))
    done = run("rovn/production", "--assembly", "cdk.out")
    assert done.exit_code == 1
    told = [line for line in done.stdout.splitlines() if "fail Runbook::" in line]
    assert told[0].strip() == ("fail Runbook::bucket-encrypted at x/0: BucketEncryption is missing")
    assert len(told) == SHOWN
    assert "and 10 more: build/evidence/acme/production/results.csv" in done.stdout
    assert Path("build/evidence/acme/production", EVIDENCE).is_file()


def test_a_failed_alarm_test_fails_too(gathered: Gathered) -> None:
    sample = clean()
    gathered(replace(sample, alarm_tests=(replace(sample.alarm_tests[0], failed=2),)))
    done = run("rovn/production", "--assembly", "cdk.out")
    assert done.exit_code == 1
    assert "fail alarm bucket-full: 2 of 12 tests" in done.stdout


def test_machines_get_one_object_and_progress_goes_aside(gathered: Gathered) -> None:
    gathered(evidence())
    done = run("rovn/production", "--assembly", "cdk.out", "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    [one] = told["bundles"]
    assert (one["environment"], one["clean"], told["clean"]) == ("acme/production", False, False)
    assert one["clauses"] == {"broken": 0, "open": 0, "kept in part": 1, "kept": 1}
    assert one["summary"] == evidence().summary
    assert len(one["failures"]) == 3
    assert len(one["manifest_sha256"]) == 64
    assert "evidence: writing" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("rovn/productoin",), "did you mean rovn/production?"),
        (("verfiy",), "'verfiy' is neither an environment nor a command"),
        (("rovn/production", "--assembly", "gone"), "there is no such folder"),
    ],
)
def test_what_cannot_be_used_is_refused(
    words: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert why in str(done.exception)
    assert not Path("build").exists()


def test_oscal_without_its_package_is_refused_before_anything_is_judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "trestle.oscal", None)
    done = run("rovn/production", "--oscal")
    assert "pip install '.[oscal]'" in str(done.exception)
    assert not Path("build").exists()


@pytest.mark.parametrize("words", [(), ("--assembly", "cdk.out")])
def test_oscal_without_a_commit_is_refused_before_anything_is_judged(
    gathered: Gathered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    asked = gathered(clean())
    monkeypatch.setattr("policies.marks.ROOT", tmp_path)
    done = run("rovn/production", "--oscal", *words)
    with pytest.raises(RefusedError) as told:
        oscal.as_bytes(evidence(commit=Commit("unknown", "unknown", clean=False)))
    assert "'unknown' is no date and time with a time zone" in str(told.value)
    assert isinstance(done.exception, RefusedError)
    assert str(done.exception) == str(told.value)
    assert (asked, Path("build").exists()) == ([], False)


@pytest.mark.parametrize("words", [(), ("rovn/staging",), ("--assembly", "cdk.out")])
def test_a_folder_that_is_none_of_ours_is_refused_before_anything_is_judged(
    gathered: Gathered, words: tuple[str, ...]
) -> None:
    asked = gathered(clean())
    folder = Path("out/rovn/staging")
    folder.mkdir(parents=True)
    (folder / "note.txt").write_text("mine")
    done = run(*words, "--out", "out")
    with pytest.raises(RefusedError) as told:
        bundle.write_bundle(evidence(), folder, oscal=False)
    assert "it has files and no manifest.json, so it is no bundle" in str(told.value)
    assert isinstance(done.exception, RefusedError)
    assert str(done.exception) == str(told.value)
    assert (asked, Path("build").exists()) == ([], False)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            ("--rehearsal", "typo.json"),
            "typo.json is refused:\n\n  --rehearsal\n    why: there is no",
        ),
        (("--rehearsal", "file"), "file is refused"),
        (("--rehearsal", "cdk.out"), "it cannot be read: Is a directory"),
        (("--assembly", "gone"), "--assembly\n    why: there is no such folder"),
        (("--out", "file"), "file is no folder"),
        (("--out", "file/below"), "file is no folder"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--assembly", "cdk.out")])
def test_what_was_named_and_cannot_be_used_is_refused_before_anything_is_judged(
    gathered: Gathered, words: tuple[str, ...], why: str, more: tuple[str, ...]
) -> None:
    asked = gathered(clean())
    Path("file").write_text("{}")
    done = run("rovn/production", *more, *words)
    assert isinstance(done.exception, RefusedError)
    assert why in str(done.exception)
    assert (asked, Path("build").exists(), done.stderr) == ([], False, "")


def test_the_last_rehearsal_is_looked_for_where_it_is_written(gathered: Gathered) -> None:
    asked = gathered(clean())
    assert run("rovn/production", "--assembly", "cdk.out").exit_code == 0
    assert asked[0]["rehearsal"] == Path("build/rehearsal/report.json")
    report = Path("build/rehearsal/report.json")
    report.parent.mkdir(parents=True)
    report.write_text("{}")
    done = run("rovn/production", "--assembly", "cdk.out")
    assert "report.json is refused" in str(done.exception)
    assert len(asked) == 1


def synthesizes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str) -> None:
    path = tmp_path / "app.py"
    path.write_text(
        "import os, sys\nfrom pathlib import Path\nout = Path(os.environ['CDK_OUTDIR'])\n"
        f"out.mkdir(parents=True)\nreport = out / {REPORT!r}\n{program}\n",
        "utf-8",
    )
    monkeypatch.setattr(synthesizing, "APP", path)


def test_without_an_assembly_one_is_made(
    gathered: Gathered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    synthesizes(monkeypatch, tmp_path, "report.write_text('[]')")
    asked = gathered(clean())
    assert run("rovn/production").exit_code == 0
    assert asked[0]["assembly"] == Path("build/evidence-assembly")
    assert asked[0]["refused"] == ""
    assert Path("build/evidence-assembly", REPORT).is_file()


def test_a_refused_synthesis_is_never_told_as_good(
    gathered: Gathered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    synthesizes(monkeypatch, tmp_path, "report.write_text('[]'); sys.exit('S3 is refused')")
    asked = gathered(clean())
    done = run("rovn/production")
    assert done.exit_code == 1
    assert "S3 is refused" in done.stderr
    assert asked[0]["refused"] == "S3 is refused"


def test_a_synthesis_that_leaves_nothing_writes_no_bundle(
    gathered: Gathered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    synthesizes(monkeypatch, tmp_path, "sys.exit('environments/rovn/staging.toml is refused')")
    gathered(clean())
    done = run("rovn/production")
    assert "environments/rovn/staging.toml is refused" in str(done.exception)
    assert not Path("build/evidence").exists()


def test_ctrl_c_leaves_no_half_bundle(gathered: Gathered, monkeypatch: pytest.MonkeyPatch) -> None:
    gathered(clean())

    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("evidence.formats.evidence_json.as_bytes", interrupted)
    assert run("rovn/production", "--assembly", "cdk.out").exit_code == 130
    assert not list(Path("build").rglob("*"))
    # What was switched off while it worked is on again.
    assert gc.isenabled()


def group() -> typer.Typer:
    """Make a group of the same class with a command of its own."""
    made = typer.Typer(cls=EnvironmentOrCommand, invoke_without_command=True)

    @made.callback()
    def write(
        ctx: typer.Context,
        name: Annotated[str | None, typer.Argument()] = None,
        *,
        oscal: Annotated[bool, typer.Option("--oscal")] = False,
    ) -> None:
        if not ctx.invoked_subcommand:
            typer.echo(f"write {name} {oscal}")

    @made.command()
    def verify(folder: str, *, strict: Annotated[bool, typer.Option("--strict")] = False) -> None:
        typer.echo(f"verify {folder} {strict}")

    return made


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "write None False"),
        ("rovn/production", "write rovn/production False"),
        ("rovn/production --oscal", "write rovn/production True"),
        ("--oscal rovn/production", "write rovn/production True"),
        ("verify folder", "verify folder False"),
        ("verify folder --strict", "verify folder True"),
        ("verify --strict folder", "verify folder True"),
    ],
)
def test_the_first_word_is_a_command_or_an_environment(words: str, said: str) -> None:
    done = CliRunner().invoke(group(), words.split())
    assert (done.exit_code, done.stdout.strip()) == (0, said)


def test_a_word_too_many_is_told() -> None:
    done = CliRunner().invoke(group(), ["rovn/production", "verify", "folder"])
    assert done.exit_code == 2
    assert "verify" in done.stderr


def test_help_shows_the_options_the_commands_and_an_example() -> None:
    shown = CliRunner().invoke(group(), ["--help"]).stdout
    assert "--oscal" in shown
    assert "verify" in shown
    assert "Example: runbook evidence acme/production" in run("--help").stdout
