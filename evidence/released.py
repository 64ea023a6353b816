"""What can be said of an environment after a release: its deployed templates, judged once more.

The pipeline's last step says it. It has neither the CDK nor this repository's history, so what
the synthesis alone shows is told as a gap.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence.collected.alarm_tests import alarms_tested
from evidence.collected.assembly import read_assembly
from evidence.collected.deployed_stacks import Deployed, deployed_stacks
from evidence.collected.installed import UNKNOWN, version_of
from evidence.collected.own_rules import Waiving, own_judged
from evidence.composition import evidence_of
from evidence.model import AlarmTested, Commit, Evidence, Judged
from policies.templates.assembly import Reading, Trouble
from policies.waivers import load_waivers
from runbook.model.refusal import RefusedError
from runbook.operations.account import Account

# What these rules read stands in no template (tests/evidence/test_released.py).
UNASKED = {
    "no-forced-deployment": "anything: it reads the code of functions, and templates have none"
}
_SHOWS = (
    "Every rule of this repository that judges templates was asked about every resource of the "
    "templates that CloudFormation has of the deployed stacks, but for {unasked}; passes are told "
    "as failures are."
)
_DOES_NOT_SHOW = (
    "That resources are still what their templates say: `runbook verify` compares them. What no "
    "rule asks, and what rules ask of code and of the files of services, is not known here."
)
_NOT_RUN = (
    "cdk-nag, cfn-lint and checkov were not run: they judge a synthesis. Their results are in a "
    "bundle of `runbook evidence` alone, where one was written of the code that was deployed."
)
_NO_COMMIT = (
    "The commit is not known: deployed templates name none. A template's SHA-256 is that of its "
    "synthesis, which another bundle may name."
)
_TEMPLATES = "the deployed templates"
_READ_FIRST = "read first what is said of the stacks, then run the same command again"
_DEPLOY = "deploy the environment's infrastructure from the code that judges"
_NO_STRAYS = "Stacks beside those that the environment should have were not looked for."
_NO_REHEARSAL = "No rehearsal is on record here: no drill speaks for any control."


@dataclass(frozen=True, slots=True)
class Release:
    """What was released when this is said; ``library`` names the code that judges, if it is known.

    ``day`` is the one that waivers are judged by.
    """

    service: str
    image_tag: str
    day: date
    library: str = ""


def released(
    account: Account, release: Release, tell: Callable[[str], None] = lambda _: None
) -> Evidence:
    """Read what is deployed and judge it; ``tell`` hears what AWS said of stacks, word for word.

    Raises ``RefusedError`` in another account, and when no stack can be read.
    """
    account.identity()
    deployed = deployed_stacks(account)
    for stack in deployed.stacks:
        if stack.heard:
            tell(f"{stack.name} in {stack.region}: {stack.heard}")
    with TemporaryDirectory() as directory:
        # Its own name is told, and the temporary one differs every time.
        folder = Path(directory, "deployed")
        folder.mkdir()
        deployed.write(folder)
        reading = read_assembly(folder)
        tested, untested = _alarms(deployed, folder)
    troubles = (*reading.troubles, *deployed.troubles, *_running(deployed, release), *untested)
    return _said(deployed, replace(reading, troubles=troubles), tested, release)


def _alarms(
    deployed: Deployed, folder: Path
) -> tuple[tuple[AlarmTested, ...], tuple[Trouble, ...]]:
    """Replay the tests of the deployed alarms; those that cannot be are trouble, and no pass."""
    try:
        return alarms_tested(deployed.environment, folder), ()
    except RefusedError as refused:
        # No folder of this machine; and no synthesis, as these say, mends what is deployed.
        why = "; ".join(f"{each.key}: {each.reason}" for each in refused.refusals)
        said = why.replace(str(folder), _TEMPLATES)
        fix = _READ_FIRST if deployed.troubles else _DEPLOY
        return (), (Trouble("alarms", f"their tests cannot be replayed: {said}; {fix}"),)


def _running(deployed: Deployed, release: Release) -> tuple[Trouble, ...]:
    """Hold what the service's stack runs against what was released."""
    found = deployed.image_tag(release.service)
    if found == release.image_tag:
        return ()
    stack = f"{deployed.environment.slug}-{release.service}"
    runs = f"it runs the image {found}" if found else "nothing tells which image it runs"
    return (Trouble(f"{stack}.template.json", f"{runs}, not {release.image_tag}"),)


def _said(
    deployed: Deployed, reading: Reading, tested: tuple[AlarmTested, ...], release: Release
) -> Evidence:
    environment = deployed.environment
    waiving = Waiving(waivers=load_waivers(), day=release.day)
    judged = own_judged(reading, [environment], sources=None, waiving=waiving, unasked=UNASKED)
    versions = {
        f"image of {release.service}": release.image_tag,
        "library": release.library or UNKNOWN,
        "runbook": version_of("runbook"),
    }
    unread = tuple(f"{each.name}: {each.trouble}." for each in deployed.stacks if each.trouble)
    return evidence_of(
        environment,
        reading.templates,
        [_of_deployed(judged[environment.name])],
        waiving.waivers,
        tested,
        None,
        commit=Commit(UNKNOWN, UNKNOWN, clean=False),
        versions=versions,
        gaps=(*unread, _NO_COMMIT, _NOT_RUN, _NO_STRAYS, _NO_REHEARSAL),
    )


def _of_deployed(judged: Judged) -> Judged:
    shows = _SHOWS.format(unasked=", ".join(UNASKED))
    judge = replace(judged.judge, shows=shows, does_not_show=_DOES_NOT_SHOW)
    return replace(judged, judge=judge)
