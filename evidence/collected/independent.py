"""What the independent judges say: cfn-lint and checkov, one run of each for all environments.

They know nothing of our rules. cfn-lint tells what it finds and no more; checkov tells passes, too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence.collected.assembly import label_of
from evidence.collected.installed import checkov_version, version_of
from evidence.model import Judge, Judged, JudgedRule, Row, Verdict
from policies import judge_runs
from policies.commands import FILE
from policies.engine import JUDGED
from policies.judge_runs import Found, Said
from policies.judges import construct_path
from policies.report import with_lapsed
from policies.templates.assembly import Reading, Template
from policies.waivable_rules import CFN_LINT, CHECKOV
from policies.waivers import Waived, Waiver
from policies.waiving import Covered, covered, unused, waived_for
from runbook.model.environment import Environment
from runbook.model.refusal import RefusedError

WHOLE = "whole-template"
NEEDED = "waivers-needed"
ASKED = (
    "cfn-lint judged the whole template; which of its rules asked which resource it does not tell"
)
_SHOWS = {
    CFN_LINT: "An independent judge of CloudFormation's own schema and rules read every template "
    "whole, for every region that one of them goes to; each finding is told.",
    CHECKOV: "An independent judge of security practice read every template; each of its checks "
    "that applied to a resource is told, passed or failed.",
}
_DOES_NOT_SHOW = {
    CFN_LINT: "Which of its rules asked which resource: it tells findings only, so no pass is "
    "claimed. Its informational rules were not asked.",
    CHECKOV: "Checks that apply to no resource here, and checks that could not tell because a "
    "value is open: it leaves out both. Without network it names no control that a check is for.",
}
_Read = Callable[[], Said]


@dataclass(frozen=True, slots=True)
class Started:
    """Judges at work; ``files`` maps what they read to the templates."""

    files: Mapping[Path, Template]
    said: Mapping[str, _Read]


@contextmanager
def independent_judges(reading: Reading, folder: Path) -> Iterator[Started]:
    """Start both on the templates of the assembly in ``folder``; they end with the block."""
    files = {(folder / t.path).resolve(): t for t in reading.templates}
    regions = {template.region for template in files.values() if template.region}
    resources = sum(len(template.body["Resources"]) for template in files.values())
    begun: list[judge_runs.Judge] = []
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        try:
            said = {
                CFN_LINT: _begin(
                    begun,
                    lambda: judge_runs.start_cfn_lint(list(files), regions, Path(one)),
                    lambda judge: Said(tuple(judge_runs.cfn_lint_found(judge)), ()),
                ),
                CHECKOV: _begin(
                    begun,
                    lambda: judge_runs.start_checkov(list(files), Path(other)),
                    lambda judge: judge_runs.checkov_said(judge, resources),
                ),
            }
            yield Started(files, said)
        finally:
            for judge in begun:
                judge.stop()


def independent_judged(
    started: Started,
    environments: Sequence[Environment],
    waivers: Sequence[Waiver],
    day: date | None,
) -> dict[str, tuple[Judged, ...]]:
    """Wait for both, and tell what they say by environment.

    ``environments`` are all that the assembly has, ``day`` is the one that waivers are judged by,
    None where nobody knows it. A judge that did not judge is an error of every template, and a
    gap.
    """
    told: dict[str, tuple[Judged, ...]] = {each.name: () for each in environments}
    for name, read in started.said.items():
        try:
            said: Said | RefusedError = _resolved(read())
        except RefusedError as refused:
            said = refused
        for environment in environments:
            waived = waived_for((name,), waivers, [environment])
            mine = _of(environment, environments, started.files)
            if isinstance(said, RefusedError):
                judged = _unjudged(name, mine, said)
            else:
                others = started.files.keys() - mine.keys()
                judged = _judged(name, mine, _without(others, said), waived, day)
            told[environment.name] += (judged,)
    return told


def _resolved(said: Said) -> Said:
    """Name files as ``Started.files`` does; each is looked up once, however much is said of it."""
    files = {item.file for item in (*said.failed, *said.passed)}
    whole = {file: file.resolve() for file in files}
    return Said(
        tuple(replace(item, file=whole[item.file]) for item in said.failed),
        tuple(replace(item, file=whole[item.file]) for item in said.passed),
    )


def _begin(
    begun: list[judge_runs.Judge],
    start: Callable[[], judge_runs.Judge],
    read: Callable[[judge_runs.Judge], Said],
) -> _Read:
    """Start a judge; what keeps it from starting is told when it is asked."""
    try:
        judge = start()
    except RefusedError as refused:
        return partial(_refuse, refused)
    begun.append(judge)
    return partial(read, judge)


def _refuse(refused: RefusedError) -> Said:
    raise refused


def _of(
    environment: Environment, environments: Iterable[Environment], files: Mapping[Path, Template]
) -> Mapping[Path, Template]:
    """Choose an environment's templates, and those that are of none."""
    others = {each.name for each in environments} - {environment.name}
    return {path: t for path, t in files.items() if label_of(t) not in others}


def _without(others: Collection[Path], said: Said) -> Said:
    """Leave out what is said of other environments' templates; a file that nobody gave stays."""
    return Said(
        tuple(item for item in said.failed if item.file not in others),
        tuple(item for item in said.passed if item.file not in others),
    )


def _judged(
    name: str,
    files: Mapping[Path, Template],
    said: Said,
    waived: Sequence[Waived],
    day: date | None,
) -> Judged:
    on_the_day = covered(waived, day)
    rows = [_finding(item, files, on_the_day) for item in said.failed]
    found = {(f"{name}::{row.rule}", row.construct_path) for row in rows}
    rows += [_row(item, files, Verdict.PASS) for item in said.passed]
    rows += [
        Row(name, NEEDED, Verdict.FAIL, FILE, message=f"{idle.key}: {idle.reason}; {idle.fix}")
        for idle in unused(waived, found)
    ]
    if not any(row.rule == NEEDED for row in rows):
        message = f"{len(on_the_day.reasons)} findings are waived, and each was found"
        rows.append(Row(name, NEEDED, Verdict.PASS, FILE, message=message))
    if name == CFN_LINT:
        rows += [
            Row(name, WHOLE, Verdict.NO_FINDING, t.path, message=ASKED) for t in files.values()
        ]
    order = {template.path: n for n, template in enumerate(files.values())}
    rows.sort(key=lambda r: (order.get(r.template, -1), r.resource, r.rule, r.message))
    rules = {item.rule: item for item in (*said.passed, *said.failed)}
    told = [
        JudgedRule(name, rule, item.title, remedy=item.source)
        for rule, item in sorted(rules.items())
    ]
    return Judged(_judge(name), (*_own_rules(name), *told), tuple(rows))


def _finding(item: Found, files: Mapping[Path, Template], on_the_day: Covered) -> Row:
    row = _row(item, files, Verdict.FAIL, item.why)
    key = (f"{item.judge}::{item.rule}", row.construct_path)
    if reason := on_the_day.reasons.get(key):
        return replace(row, verdict=Verdict.WAIVED, reason=reason)
    late = on_the_day.lapsed.get(key)
    return replace(row, message=with_lapsed(row.message, late)) if late else row


def _row(
    item: Found,
    files: Mapping[Path, Template],
    verdict: Verdict,
    message: str = "",
) -> Row:
    template = files.get(item.file)
    if template is None:
        return Row(item.judge, item.rule, verdict, item.file.name, message=message)
    resource = template.body["Resources"].get(item.logical_id)
    type_ = resource.get("Type") if isinstance(resource, dict) else None
    return Row(
        item.judge,
        item.rule,
        verdict,
        template.path,
        item.logical_id or "",
        type_ if isinstance(type_, str) else "",
        construct_path(item, files) if item.logical_id else "",
        template.sources.get(item.logical_id or "", ""),
        message,
        level=item.level,
    )


def _unjudged(name: str, files: Mapping[Path, Template], refused: RefusedError) -> Judged:
    """Tell that a judge did not judge: its silence is no pass."""
    # What it wrote on stderr names the machine's folders, and differs from run to run.
    why = "; ".join(refusal.reason.partition("; it says:")[0] for refusal in refused.refusals)
    why = f"{why.replace(f'{judge_runs.ROOT}/', '')}; python -m policies.judges says more"
    message = f"{name} did not judge it: {why}"
    rows = [Row(name, JUDGED, Verdict.ERROR, t.path, message=message) for t in files.values()]
    title = f"{name} judges every template"
    return Judged(
        _judge(name),
        (JudgedRule(name, JUDGED, title),),
        tuple(rows),
        (f"{name} did not judge: {why}.",),
    )


def _judge(name: str) -> Judge:
    version = checkov_version() if name == CHECKOV else version_of(name)
    return Judge(name, version, _SHOWS[name], _DOES_NOT_SHOW[name])


def _own_rules(name: str) -> Iterator[JudgedRule]:
    """Name what is not a rule of the judge, but of how it is asked."""
    if name == CFN_LINT:
        title = "The whole template, by every rule of errors and warnings"
        yield JudgedRule(name, WHOLE, title, ASKED)
    yield JudgedRule(
        name,
        NEEDED,
        f"Every waiver of {name}'s findings is needed",
        "A waiver that lets nothing pass would hide the next finding of its rule.",
        "Remove what it does not need.",
    )
