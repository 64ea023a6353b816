"""The packs and the runbook's own rules, attached to the CDK application."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import jsii
from aws_cdk import (
    Acknowledgment,
    App,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)
from constructs import IConstruct, Node

from policies.engine import JUDGED, check
from policies.findings import judge
from policies.packs import packs
from policies.report import Report, Result, Status
from policies.rule import Rule
from policies.rules import all_rules
from policies.templates.assembly import read
from policies.waivable_rules import PACKS, RUNBOOK
from policies.waivers import Waived, Waiver
from policies.waiving import reasons, unused_in, waived_for
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError


@jsii.implements(IPolicyValidationPlugin)
class RunbookRules:
    """The runbook's own rules, on what the synthesis wrote: the first of their two doors.

    The other is ``runbook check``. The CDK ends well when a plugin raises, so this one never does.
    """

    def __init__(
        self, assembly: Path, rules: Sequence[Rule], waived: Sequence[Waived] = ()
    ) -> None:
        self._assembly = assembly
        self._rules = rules
        self._waived = waived
        # Nothing found and never asked look alike in the CDK's report.
        self.asked = False

    @property
    def name(self) -> str:
        """Name the plugin in the report."""
        return RUNBOOK

    @property
    def version(self) -> str:
        """Say the version of this project."""
        return version("runbook")

    @property
    def rule_ids(self) -> list[str]:
        """List the rules it may report."""
        return [JUDGED, *(rule.id for rule in self._rules)]

    def validate(self, _: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Judge the assembly: every template that its manifests list, nested stacks too."""
        self.asked = True
        try:
            report = check(read(self._assembly), self._rules, waived=reasons(self._waived))
            violations = [*self._violations(report), *_idle(report, self._waived)]
        except Exception as error:  # noqa: BLE001 - else the CDK would end with exit code 0
            said = f"nothing was judged: {type(error).__name__}: {error}"
            violations = [_violation(JUDGED, said, [], None)]
        return PolicyValidationPluginReport(success=not violations, violations=violations)

    def _violations(self, report: Report) -> list[PolicyViolation]:
        remedies = {rule.id: rule.remedy for rule in self._rules}
        return [
            _violation(result.rule, _told(result), _where(result), remedies.get(result.rule))
            for result in report.results
            if result.status in (Status.FAIL, Status.ERROR)
        ]


def _violation(
    rule: str, message: str, where: Sequence[PolicyViolatingResource], fix: str | None
) -> PolicyViolation:
    """Make one that nobody can acknowledge: waivers are applied before (docs/decisions/0014)."""
    return PolicyViolation(
        rule_name=rule, description=message, violating_resources=where, fix=fix, severity="fatal"
    )


def _idle(report: Report, waived: Sequence[Waived]) -> list[PolicyViolation]:
    return [
        _violation(f"{JUDGED} {refusal.key}", refusal.reason, [], refusal.fix)
        for refusal in unused_in(report, waived)
    ]


def _told(result: Result) -> str:
    about = result.message if result.resource else f"{result.template}: {result.message}"
    return f"{about} (made in {result.location})" if result.location else about


def _where(result: Result) -> list[PolicyViolatingResource]:
    if result.resource is None:
        return []
    if result.construct_path:
        return [PolicyViolatingResource(locations=[], construct_path=result.construct_path)]
    return [PolicyViolatingResource(locations=[], resource_logical_id=result.resource)]


def synthesize(
    app: App,
    environments: Sequence[Environment],
    waivers: Iterable[Waiver],
    plugins: Sequence[IPolicyValidationPlugin] | None = None,
    rules: Sequence[Rule] | None = None,
) -> None:
    """Synthesize under the packs and our own rules (or the ``plugins``, the ``rules`` given).

    Each environment is a Stage of ``app`` named by its slug. Raises ``RefusedError`` for a
    finding without waiver, a pack that fails, a waiver without construct or without finding.
    """
    stated = list(waivers)
    waived = waived_for(PACKS, stated, environments)
    own = waived_for((RUNBOOK,), stated, environments)
    ours = RunbookRules(Path(app.outdir), all_rules() if rules is None else rules, own)
    Validations.of(app).add_plugins(*((*packs(), ours) if plugins is None else plugins))
    _acknowledge(app, waived)
    app.synth()
    judge(Path(app.outdir), waived, environments)
    if plugins is None and not ours.asked:
        fix = "do not switch off the validation of the CDK application"
        refusal = Refusal(RUNBOOK, "the runbook's own rules were not asked", fix)
        raise RefusedError("the synthesis", [refusal])


def _acknowledge(app: App, waived: Sequence[Waived]) -> None:
    refusals = []
    tree = _Tree(app)
    by_path = sorted(waived, key=lambda finding: finding.path)
    for path, findings in groupby(by_path, key=lambda finding: finding.path):
        here = list(findings)
        construct = tree.find(path)
        if construct is None:
            refusals += [
                Refusal(entry, f"there is no construct {path}", tree.hint(path))
                for entry in dict.fromkeys(finding.entry for finding in here)
            ]
        else:
            Validations.of(construct).acknowledge(
                *(Acknowledgment(id=finding.rule, reason=finding.reason) for finding in here)
            )
    if refusals:
        raise RefusedError("policies/waivers.toml", refusals)


class _Tree:
    """The nodes by path. Each step is asked for once: every call of jsii takes its time."""

    def __init__(self, app: App) -> None:
        self._found: dict[str, IConstruct | None] = {"": app}
        self._nodes: dict[str, Node] = {}

    def find(self, path: str) -> IConstruct | None:
        if path not in self._found:
            above, _, id_ = path.rpartition("/")
            parent = self._node(above)
            self._found[path] = parent.try_find_child(id_) if parent else None
        return self._found[path]

    def hint(self, path: str) -> str:
        """Say what stands where the path leaves the tree."""
        for above in _upwards(path):
            parent = self._node(above)
            if parent:
                ids = [child.node.id for child in parent.children]
                wanted = path.removeprefix(f"{above}/").partition("/")[0]
                close = get_close_matches(wanted, ids, n=1)
                known = f"did you mean {close[0]}? " if close else ""
                return f"{known}{above or 'the application'} has {', '.join(ids) or 'nothing'}"
        raise AssertionError("the application itself is always there")

    def _node(self, path: str) -> Node | None:
        construct = self.find(path)
        if construct is None:
            return None
        if path not in self._nodes:
            self._nodes[path] = construct.node
        return self._nodes[path]


def _upwards(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
