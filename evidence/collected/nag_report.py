"""What cdk-nag's packs found, as the CDK's validation report of an assembly tells it.

Raises ``RefusedError`` for a pack that did not run, and for findings that were made to vanish.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.findings import REPORT
from policies.templates.assembly import MANIFEST
from policies.waivable_rules import PACKS
from policies.waivers import place_of
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

Json = Any
# Of a rule that threw; cdk-nag 3 gives it no rule id of its own.
_THREW = "Rule threw an error during validation."
_ACKNOWLEDGED = "aws:cdk:acknowledged-rules"
# What NagPack.isAcknowledged takes for the name of a rule.
_SILENT = re.compile(r"^(?:annotation::)?(?P<rule>.*)$", re.I | re.S)
_AGAIN = "synthesize again: make synth"


@dataclass(frozen=True, slots=True)
class NagFinding:
    """One finding at one construct.

    ``name`` is ``rule``, with what was found in brackets where the rule tells it. ``threw``: the
    rule could not judge; cdk-nag puts what one rule says of several constructs under the words of
    the first, so of those only one is certain. ``acknowledged`` is by which id and where.
    """

    rule: str
    name: str
    path: str
    said: str
    acknowledged: tuple[str, str] | None

    @property
    def threw(self) -> bool:
        """Say whether the rule failed, not the resource."""
        return self.said.startswith(_THREW)


def nag_findings(assembly: Path, environment: Environment) -> Mapping[str, tuple[NagFinding, ...]]:
    """Give each pack's findings in the environment's two Stages, and those at no construct."""
    refusals = [*_silenced(assembly, environment)]
    try:
        reports = json.loads((assembly / REPORT).read_text("utf-8"))["pluginReports"]
        ran = {name: [r for r in reports if r["pluginName"] == name] for name in PACKS}
        refusals += [refusal for name in PACKS if (refusal := _not_run(name, ran[name]))]
        if not refusals:
            return {name: tuple(_of(ran[name][0], environment)) for name in PACKS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"it cannot be read, so nothing shows what the packs found: {error!r}"
        refusals = [Refusal(REPORT, reason, _AGAIN)]
    raise RefusedError(str(assembly), refusals)


def _not_run(name: str, reports: list[Json]) -> Refusal | None:
    if len(reports) != 1:
        return Refusal(name, f"the pack ran {len(reports)} times by {REPORT}", _AGAIN)
    (report,) = reports
    if report["conclusion"] == "success" or report["violations"]:
        return None
    said = (report.get("metadata") or {}).get("error", "it failed without a finding")
    return Refusal(name, f"the pack did not run: {said}", "correct what it says; synthesize again")


def _of(report: Json, environment: Environment) -> Iterator[NagFinding]:
    suppressed = report.get("suppressedViolations") or ()
    for violation in (*report["violations"], *suppressed):
        acknowledged = None
        if "acknowledgedId" in violation:
            acknowledged = (violation["acknowledgedId"], violation["acknowledgedAt"])
        name = violation["ruleName"]
        for construct in violation["violatingConstructs"] or ({"constructPath": ""},):
            path = construct["constructPath"]
            if not path or place_of(path, [environment])[0]:
                said = violation["description"]
                yield NagFinding(name.partition("[")[0], name, path, said, acknowledged)


def _silenced(assembly: Path, environment: Environment) -> Iterator[Refusal]:
    """Refuse acknowledgements without a pack's name: findings vanish by them without a record.

    The CDK writes them down for what stands in a stack, not for a Stage or the whole application.
    """
    for path, ids in _acknowledgements(assembly):
        for id_ in ids:
            rule = _SILENT.sub(r"\g<rule>", id_)
            if (
                rule.startswith(tuple(f"{name}-" for name in PACKS))
                and (place_of(path, [environment])[0])
            ):
                reason = "it is acknowledged without its pack, so a finding would leave no record"
                yield Refusal(f"{rule} at {path}", reason, "waive it in policies/waivers.toml")


def _acknowledgements(directory: Path) -> Iterator[tuple[str, list[str]]]:
    """Give the construct path and the ids of each acknowledgement that an assembly records."""
    try:
        artifacts = json.loads((directory / MANIFEST).read_bytes())["artifacts"]
        for artifact in artifacts.values():
            properties = artifact.get("properties", {})
            if artifact["type"] == "cdk:cloud-assembly":
                yield from _acknowledgements(directory / properties["directoryName"])
            entries = dict(artifact.get("metadata") or {})
            if file := artifact.get("additionalMetadataFile"):
                entries |= json.loads((directory / file).read_bytes())
            for path, said in entries.items():
                for entry in said:
                    if entry["type"] == _ACKNOWLEDGED:
                        yield path.removeprefix("/"), list(entry["data"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"what its constructs acknowledge cannot be read: {error!r}"
        raise RefusedError(str(directory), [Refusal(MANIFEST, reason, _AGAIN)]) from None
