"""What a bundle says of one environment at one commit; every format is written from it alone.

Same commit, same assembly, same rehearsal: the same ``Evidence``, in the same order.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SCHEMA = 1


class Verdict(StrEnum):
    """How one rule ended on one resource.

    ``NO_FINDING``: a judge that tells failures only was asked and said nothing. The resource may
    have passed, or the rule may not have applied to it: no pass is claimed. ``ERROR``: it could not
    be judged.
    """

    FAIL = "fail"
    ERROR = "error"
    WAIVED = "waived"
    PASS = "pass"  # noqa: S105 - a verdict
    NO_FINDING = "no_finding"
    NOT_APPLICABLE = "not_applicable"


class Standing(StrEnum):
    """How a control stands.

    ``GAP``: nothing here speaks for it. ``WEAK``: nothing passes; judges that tell failures alone
    said nothing, or all that was found is waived. ``EXCEPTIONS``: what was judged passes, but for
    what is waived, open in part, not asked or not shown, or rules of other judges alone speak for
    it.
    ``HELD``: all that was judged passes. None of them says that the
    organisation complies: a control asks more than what templates can show.
    """

    BROKEN = "broken"
    GAP = "gap"
    WEAK = "weak"
    EXCEPTIONS = "held with exceptions"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of one judge at one resource, or at a whole template where ``resource`` is empty.

    ``template`` is the file's path within the assembly, or a file of the sources. ``location`` is
    the line of code that made the resource, where the synthesis recorded it. ``reason`` is a
    waiver's. ``level`` is the judge's own: ``error`` or ``warning``.
    """

    judge: str
    rule: str
    verdict: Verdict
    template: str
    resource: str = ""
    type: str = ""
    construct_path: str = ""
    location: str = ""
    message: str = ""
    reason: str = ""
    level: str = "error"
    clauses: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """A rule of a judge: what it wants, in the judge's words, and what a failure would mean.

    ``unasked`` says what it was not asked of here, and why: ``the files of services: no sources
    were given``. It is empty where the rule was asked of all that it looks at.
    """

    judge: str
    id: str
    title: str
    why: str = ""
    remedy: str = ""
    clauses: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    unasked: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judged, in which version; ``shows`` and ``does_not_show`` are sentences for auditors."""

    name: str
    version: str
    shows: str
    does_not_show: str


@dataclass(frozen=True, slots=True)
class Judged:
    """All that one judge said: of its rules, also those that looked at nothing."""

    judge: Judge
    rules: tuple[JudgedRule, ...]
    rows: tuple[Row, ...]
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """What was judged: ``date`` is the commit's (ISO 8601), ``clean`` that nothing differs."""

    id: str
    date: str
    clean: bool


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A synthesized template: ``path`` within the assembly, SHA-256 of its bytes in hex."""

    path: str
    stack: str
    region: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """One thing that keeps a clause: ``kind`` as in ``policies.keepers.Kind``, where it stands."""

    kind: str
    name: str
    place: str
    test: str = ""


@dataclass(frozen=True, slots=True)
class ClauseEntry:
    """A clause of the ledger; ``state`` as in ``policies.keepers.State``, ``open`` what it lacks.

    ``applies``: whether the environment's organisation has it. ``broken`` says in sentences what of
    it failed or could not be judged here; where something did, ``state`` is ``broken``, too.
    """

    id: str
    text: str
    source: str
    state: str
    open: str
    applies: bool
    keepers: tuple[Keeper, ...]
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WaiverEntry:
    """A waiver that the environment has; ``findings`` are those that it lets pass.

    ``expires`` is the last day on which it does; after it there are none.
    """

    entry: str
    rules: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str
    owner: str
    expires: str
    findings: int


@dataclass(frozen=True, slots=True)
class AlarmTested:
    """What the shipped tests say of one alarm of the catalogue.

    ``fires`` and ``stays_quiet`` count the passed tests that show either.
    """

    alarm: str
    clauses: tuple[str, ...]
    tests: int
    failed: int
    fires: int
    stays_quiet: int


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill of a rehearsal; ``outcome`` in the words of the rehearsal's report."""

    name: str
    clauses: tuple[str, ...]
    outcome: str
    seconds: float
    checked: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The last rehearsal on record: of which environment, when, and the SHA-256 of its report.

    ``commit`` is what was rehearsed; None where the report names none.
    """

    environment: str
    started: str
    sha256: str
    drills: tuple[Drill, ...]
    commit: Commit | None = None

    def unlike(self, commit: Commit) -> str:
        """Say why its drills do not show a bundle's commit; empty where they do."""
        if self.commit is None:
            return "the rehearsal's report names no commit"
        if not self.commit.clean:
            return "what was rehearsed differed from its commit"
        if not commit.clean:
            return "what was judged is no commit as it stands"
        return "" if self.commit.id == commit.id else "another commit was rehearsed"


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """A control and all that speaks for it here.

    ``rules`` are ``judge::rule`` with how often each verdict was; ``resources`` counts those that
    one of them judged. ``gaps`` say in sentences what nothing shows.
    """

    id: str
    title: str
    framework: str
    url: str
    standing: Standing
    clauses: tuple[str, ...]
    rules: Mapping[str, Mapping[Verdict, int]]
    alarms: tuple[str, ...]
    drills: tuple[str, ...]
    resources: int
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a bundle says.

    ``gaps`` are sentences about the whole of it: no rehearsal on record, a dirty working tree, a
    judge that did not run.
    """

    schema: int
    organisation: str
    environment: str
    tier: str
    account: str
    region: str
    commit: Commit
    versions: Mapping[str, str]
    templates: tuple[TemplateFile, ...]
    judges: tuple[Judge, ...]
    rules: tuple[JudgedRule, ...]
    rows: tuple[Row, ...]
    controls: tuple[ControlEntry, ...]
    clauses: tuple[ClauseEntry, ...]
    waivers: tuple[WaiverEntry, ...]
    alarm_tests: tuple[AlarmTested, ...]
    rehearsal: Rehearsal | None
    gaps: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name the environment as commands do."""
        return f"{self.organisation}/{self.environment}"

    @property
    def summary(self) -> dict[str, int]:
        """Count the rows by verdict."""
        counted = Counter(row.verdict for row in self.rows)
        return {verdict.value: counted[verdict] for verdict in Verdict}

    @property
    def clean(self) -> bool:
        """Say whether nothing failed and everything could be judged; gaps are no failures."""
        return not any(row.verdict in (Verdict.FAIL, Verdict.ERROR) for row in self.rows) and not (
            any(alarm.failed for alarm in self.alarm_tests)
            or (self.rehearsal and any(d.outcome == "failed" for d in self.rehearsal.drills))
        )
