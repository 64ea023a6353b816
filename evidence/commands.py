"""`runbook evidence`: writes what an auditor reads. Its body is loaded only when it runs."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from evidence.bundle_commands import add_to as add_bundles
from evidence.control_commands import BUNDLES
from evidence.control_commands import add_to as add_controls
from evidence.release_commands import add_to as add_release
from runbook.completion import environment_names
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.commands import Json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evidence.model import Evidence
    from evidence.summary import Written
    from runbook.model.environment import Environment
    from runbook.working_tree import WorkingTree

DONE, FAILED = 0, 1
ASSEMBLY = Path("build/evidence-assembly")
REHEARSAL = Path("build/rehearsal/report.json")
_NAMED = "evidence: a command of its own is named"
_EPILOG = (
    "Example: runbook evidence acme/production --oscal. Exit codes: 0 nothing failed, 1 something "
    "failed and the bundle says what, 2 input that cannot be used, 130 interrupted."
)


class EnvironmentOrCommand(TyperGroup):
    """A group whose first word is the name of a command, or an environment of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's own
        """Take the words as a command's where the first is one, else as the group's own."""
        ctx.meta[_NAMED] = bool(args) and args[0] in self.commands
        # Options may follow the environment, as they may everywhere, and no other word.
        ctx.allow_interspersed_args = not ctx.meta[_NAMED]
        ctx.allow_extra_args = ctx.meta[_NAMED]
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - click's own
        """Give the group's parameters, none where a command has its own."""
        return [] if ctx.meta.get(_NAMED) else super().get_params(ctx)


evidence = typer.Typer(
    cls=EnvironmentOrCommand,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    epilog=_EPILOG,
)
add_bundles(evidence)
add_controls(evidence)
add_release(evidence)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(evidence, name="evidence")


@evidence.callback()
def write(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="ENVIRONMENT",
            help="organisation/environment; every one when none is given.",
            autocompletion=environment_names,
            show_default=False,
        ),
    ] = None,
    *,
    assembly: Annotated[
        Path | None,
        typer.Option(
            help="Cloud assembly to judge, made with CDK_VALIDATION=true; without it, one is made.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the bundles.")] = BUNDLES,
    rehearsal: Annotated[
        Path | None,
        typer.Option(
            help="Report of the last rehearsal, by `make rehearse`; without it, "
            f"{REHEARSAL} where there is one.",
        ),
    ] = None,
    oscal: Annotated[
        bool, typer.Option("--oscal", help="Write OSCAL assessment results, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write what shows that an environment keeps its controls: results, hashes, gaps.

    One folder for each: a page to read (index.html), JSON, CSV, SARIF, XLSX, and a manifest.
    """
    if ctx.invoked_subcommand:
        return
    from evidence.summary import lines, machine_readable
    from policies.terminal import say

    with _uncollected():
        written, refused = _write(name, assembly, out, rehearsal, oscal=oscal)
    if as_json:
        typer.echo(json.dumps(machine_readable(written), indent=2))
    else:
        for line in lines(written):
            say(line)
    if refused:
        say(refused, err=True)
    clean = not refused and all(each.evidence.clean for each in written)
    raise typer.Exit(DONE if clean else FAILED)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage: seconds of work on objects that nearly all stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _write(
    name: str | None, assembly: Path | None, out: Path, rehearsal: Path | None, *, oscal: bool
) -> "tuple[list[Written], str]":
    """Write the bundles; tell them, and what a synthesis of our own was refused for."""
    from policies.marks import ROOT
    from runbook.model.selection import all_environments
    from runbook.working_tree import working_tree

    before = working_tree(ROOT)
    # Before anything else begins: what would be refused after minutes is told at once.
    chosen = [_known(name)] if name else all_environments()
    report = _readable(assembly, rehearsal)
    _refuse_unwritable(out, chosen, before, oscal=oscal)
    refused = None if assembly else _synthesized(ASSEMBLY)
    from evidence.bundle import load_formats, write_bundle
    from evidence.gathering import gather
    from evidence.summary import Written
    from policies.side_by_side import side_by_side
    from policies.terminal import say

    say("evidence: every rule, cfn-lint and checkov judge; it takes a minute", err=True)
    judged = assembly or ASSEMBLY
    found = gather(judged, chosen, rehearsal=report, sources=ROOT, before=before, refused=refused)
    load_formats(oscal=oscal)
    folders = [_folder(out, each) for each in found]
    for folder in folders:
        say(f"evidence: writing {folder.as_posix()}", err=True)
    pairs = list(zip(found, folders, strict=True))
    jobs = [partial(write_bundle, each, folder, oscal=oscal) for each, folder in pairs]
    hashes = side_by_side(jobs)
    written = [Written(*pair, hash_) for pair, hash_ in zip(pairs, hashes, strict=True)]
    return written, refused or ""


def _readable(assembly: Path | None, rehearsal: Path | None) -> Path:
    """Give the report to read; refuse what was named and cannot be read.

    The report at the standard place may be missing: then no rehearsal is on record.
    """
    from evidence.collected.assembly import refuse_no_folder
    from evidence.collected.rehearsals import last_rehearsal

    if assembly:
        refuse_no_folder(assembly)
    report = rehearsal or REHEARSAL
    if last_rehearsal(report) is None and rehearsal:
        fix = f"name a report that `make rehearse` wrote, or leave it out: then {REHEARSAL} counts"
        refusal = Refusal("--rehearsal", "there is no such file", fix)
        raise RefusedError(str(rehearsal), [refusal])
    return report


def _refuse_unwritable(
    out: Path, chosen: "Iterable[Environment]", tree: "WorkingTree | None", *, oscal: bool
) -> None:
    """Refuse folders with other things than a bundle, and OSCAL that nobody could write here."""
    from evidence.bundle import refuse_other_things

    for environment in chosen:
        refuse_other_things(_folder(out, environment))
    if oscal:
        from evidence.collected.provenance import commit_of
        from evidence.formats.oscal import refuse_unwritable

        refuse_unwritable(commit_of(tree))


def _folder(out: Path, of: "Environment | Evidence") -> Path:
    return out / of.organisation / of.environment


def _synthesized(folder: Path) -> str:
    """Synthesize every environment; give what it was refused for, empty for nothing."""
    from evidence.synthesizing import synthesis
    from policies.terminal import say

    say(f"evidence: synthesizing every environment into {folder.as_posix()}", err=True)
    with synthesis(folder) as ended:
        # It takes the most of one processor, and we have the others.
        from evidence.bundle import load_formats
        from evidence.gathering import prepare

        prepare()
        load_formats(oscal=False)
        return ended()


def _known(name: str) -> "Environment":
    """Load an environment; a word that is none may have been meant as a command."""
    from runbook.model.loader import load_environment

    if "/" in name:
        return load_environment(name)
    fix = "write organisation/environment; runbook evidence --help lists the commands"
    refusal = Refusal("ENVIRONMENT", f"{name!r} is neither an environment nor a command", fix)
    raise RefusedError("runbook evidence", [refusal])
