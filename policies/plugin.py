"""The rule packs of cdk-nag, attached to the CDK application; the only module here with a CDK."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import (
    Acknowledgment,
    App,
    CfnResource,
    IPolicyValidationPlugin,
    Stack,
    Validations,
)
from cdk_nag import (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R5Checks,
    PCIDSS321Checks,
)
from constructs import IConstruct, Node

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


def warm_up() -> None:
    """Run the packs on one resource of no service, and throw the result away.

    A rule asks each resource whether it is of the rule's type, so Node.js loads the module of
    every service that any rule knows: half of what the packs take.
    """
    with TemporaryDirectory() as outdir:
        app = App(analytics_reporting=False, outdir=outdir, stack_traces=False)
        CfnResource(Stack(app, "Stack"), "Resource", type="AWS::CDK::Metadata")
        Validations.of(app).add_plugins(*packs())
        app.synth()


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
