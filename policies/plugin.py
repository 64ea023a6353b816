"""The rule packs of cdk-nag, attached to the CDK application; the only module here with a CDK."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path

from aws_cdk import Acknowledgment, App, IPolicyValidationPlugin, Validations
from cdk_nag import (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R5Checks,
    PCIDSS321Checks,
)
from constructs import IConstruct

from policies.findings import judge
from policies.waivers import Waived, Waiver, waived_findings
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError


def packs() -> list[IPolicyValidationPlugin]:
    """Make the four packs; ``verbose`` tells why a rule exists, not only that it triggered."""
    return [
        AwsSolutionsChecks(verbose=True),
        HIPAASecurityChecks(verbose=True),
        NIST80053R5Checks(verbose=True),
        PCIDSS321Checks(verbose=True),
    ]


def synthesize(
    app: App,
    environments: Sequence[Environment],
    waivers: Iterable[Waiver],
    plugins: Sequence[IPolicyValidationPlugin] | None = None,
) -> None:
    """Synthesize under the packs (or the ``plugins`` given instead).

    Each environment is a Stage of ``app`` named by its slug. Raises ``RefusedError`` for a
    finding without waiver, a pack that fails, a waiver without construct or without finding.
    """
    waived = waived_findings(waivers, environments)
    Validations.of(app).add_plugins(*(packs() if plugins is None else plugins))
    _acknowledge(app, waived)
    app.synth()
    judge(Path(app.outdir), waived, environments)


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
    """The constructs by path. Each step is asked for once: every call of jsii takes its time."""

    def __init__(self, app: App) -> None:
        self._found: dict[str, IConstruct | None] = {"": app}

    def find(self, path: str) -> IConstruct | None:
        if path not in self._found:
            above, _, id_ = path.rpartition("/")
            parent = self.find(above)
            self._found[path] = parent.node.try_find_child(id_) if parent else None
        return self._found[path]

    def hint(self, path: str) -> str:
        """Say what stands where the path leaves the tree."""
        for above in _upwards(path):
            parent = self.find(above)
            if parent:
                ids = [child.node.id for child in parent.node.children]
                wanted = path.removeprefix(f"{above}/").partition("/")[0]
                close = get_close_matches(wanted, ids, n=1)
                known = f"did you mean {close[0]}? " if close else ""
                return f"{known}{above or 'the application'} has {', '.join(ids) or 'nothing'}"
        raise AssertionError("the application itself is always there")


def _upwards(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
