"""Whether a synthesis stood: what the CDK's validation report says, held against the waivers.

The rows of the packs tell what they found at which resource. This tells what refuses a synthesis
altogether, as ``policies/findings.py`` decides: a plugin that raised, a waiver that nobody needs.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.collected.installed import version_of
from evidence.collected.unchanged_templates import rule, unchanged_templates
from evidence.model import Judge, Judged, JudgedRule, Row, Verdict
from policies.findings import REPORT, plugin_reports, refusals_in
from policies.templates.assembly import Template
from policies.waivable_rules import PACKS
from policies.waivers import Waiver, place_of
from policies.waiving import waived_for
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

NAME = "CDK synthesis"
ACCEPTED = "synthesis-accepted"
BUILT_IN = "CloudFormation Validate"
_RULE = JudgedRule(
    NAME,
    ACCEPTED,
    "Every plugin ran at synthesis, each finding is waived, and each waiver of the packs is needed",
    "A plugin that raises finds nothing, and a waiver that nobody needs hides the next finding.",
    "Do what the refusal says, and synthesize again.",
)
_SHOWS = (
    "What the CDK's own report refuses at synthesis, once the waivers are taken from it, and that "
    "templates are those of that synthesis."
)
_DOES_NOT_SHOW = (
    "Which rules of the packs looked at which resources, and which waivers have expired, for a "
    "synthesis has no clock; the packs' own rows tell both."
)
_ELSEWHERE = (
    "the synthesis was refused, for another environment or for what its report does not say: "
    "nobody knows whether the templates are whole; run make synth"
)
_SWITCHED_OFF = "The CDK's own validation of templates was switched off at synthesis."


def synthesis_judged(
    assembly: Path,
    environment: Environment,
    environments: Sequence[Environment],
    waivers: Iterable[Waiver],
    *,
    templates: Iterable[Template] = (),
    refused: bool = False,
) -> Judged:
    """Judge the report of an assembly for one of its ``environments``, and its ``templates``.

    A synthesis that was ``refused``, for nothing that the report says of this environment, is an
    error: what it left may not be whole. Raises ``RefusedError`` for an assembly without a report,
    or with one of another form.
    """
    plugins = plugin_reports(assembly, str(assembly))
    others = [each for each in environments if each.name != environment.name]
    waived = waived_for(PACKS, waivers, [environment])
    try:
        mine = [_without(others, plugin) for plugin in plugins]
        refusals = refusals_in(mine, waived, [environment])
        told = sorted(plugin["pluginName"] for plugin in plugins)
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"it has another form than expected: {error!r}"
        refusal = Refusal(REPORT, reason, "synthesize again, with the CDK that is pinned here")
        raise RefusedError(str(assembly), [refusal]) from None
    rows = [Row(NAME, ACCEPTED, Verdict.FAIL, REPORT, message=_told(each)) for each in refusals]
    missing = [name for name in PACKS if name not in told]
    rows += [
        Row(NAME, ACCEPTED, Verdict.ERROR, REPORT, message=f"{name} is not in it: it did not judge")
        for name in missing
    ]
    if refused and not rows:
        rows = [Row(NAME, ACCEPTED, Verdict.ERROR, REPORT, message=_ELSEWHERE)]
    if not rows:
        said = f"it refuses nothing; asked were {', '.join(told)}"
        rows = [Row(NAME, ACCEPTED, Verdict.PASS, REPORT, message=said)]
    gaps = () if BUILT_IN in told else (_SWITCHED_OFF,)
    rows += unchanged_templates(NAME, assembly, templates)
    judge = Judge(NAME, version_of("aws-cdk-lib"), _SHOWS, _DOES_NOT_SHOW)
    return Judged(judge, (_RULE, rule(NAME)), tuple(rows), gaps)


def _without(others: Sequence[Environment], plugin: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a plugin says of constructs of other environments."""
    found = dict(plugin)
    for key in ("violations", "suppressedViolations"):
        kept = []
        for violation in plugin.get(key) or ():
            constructs = violation["violatingConstructs"]
            here = [c for c in constructs if place_of(c["constructPath"], others)[0] is None]
            if here or not constructs:
                kept.append({**violation, "violatingConstructs": here})
        found[key] = kept
    if plugin["violations"] and not found["violations"]:
        # It failed elsewhere.
        found["conclusion"] = "success"
    return found


def _told(refusal: Refusal) -> str:
    """Say it in a line; the waiver that would cover it is for the one who fixes it."""
    return " ".join(f"{refusal.key}: {refusal.reason}".split())
