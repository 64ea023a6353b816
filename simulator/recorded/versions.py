"""Which alarms are replayed on a recording: an environment's, a stranger's, another version's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import Definitions
from simulator.recorded.instants import option, shown
from simulator.recorded.recordings import Recording
from simulator.recorded.whom_it_tells import Audience
from simulator.templates.environments import definitions_of
from simulator.templates.reading import definitions_in, read_definitions
from simulator.templates.template_files import templates_at


@dataclass(frozen=True)
class Version:
    """Alarms, of ``environment`` where they are ours.

    ``region`` keeps those of one region; ``parameters`` are of the templates.
    """

    definitions: Definitions
    environment: Environment | None
    region: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        assembly: Path,
        templates: Sequence[Path] = (),
        region: str = "",
        parameters: Mapping[str, str] | None = None,
    ) -> "Version":
        """Read the alarms of an environment or, where any are given, of templates.

        Raises ``RefusedError`` for what cannot be read, and where neither is named.
        """
        if not name and not templates:
            reason = "the recording does not say of which environment it is"
            fix = "name the environment, or the templates of the alarms with --template"
            raise RefusedError("the command line", [Refusal("ENVIRONMENT", reason, fix)])
        environment = load_environment(name) if name else None
        if templates:
            found = read_definitions(templates, parameters)
        else:
            found = definitions_of(name, assembly)
        return cls(_in(found, region), environment, region, parameters or {})

    def at(self, place: Path) -> Definitions:
        """Read another version of the same alarms; it need not agree with today's catalogue."""
        templates, _ = templates_at([place])
        if self.environment:
            name = self.environment.name
            labelled = [t for t in templates if t.label and "/".join(t.label) == name]
            # A single template may say nothing of itself.
            templates = labelled or ([] if place.is_dir() else templates)
        found = definitions_in(templates, self.parameters)
        if not found.alarms and not found.unreadable:
            fix = "name an assembly, or a template, with the other version of these alarms"
            raise RefusedError(str(place), [Refusal("--against", "it holds none of them", fix)])
        return _in(found, self.region)

    def audience(self, start: int, end: int) -> Audience | None:
        """Give the people of the environment, where it is known."""
        return Audience(self.environment, start, end) if self.environment else None


def parameters_of(texts: Sequence[str]) -> dict[str, str]:
    """Read ``NAME=VALUE`` of a command line; raises ``RefusedError``."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not name or not sign:
            refusal = Refusal("--parameter", f"{text!r} gives no value", "write NAME=VALUE")
            raise RefusedError("the command line", [refusal])
        if found.setdefault(name, value) != value:
            refusal = Refusal("--parameter", f"{name} has two values", "give one of them")
            raise RefusedError("the command line", [refusal])
    return found


def over(recording: Recording, start: str, end: str) -> tuple[int, int]:
    """Read the range to look at; by default what was recorded, where the recording says it.

    Raises ``RefusedError`` for a range beyond the recording, whose silence would mean nothing.
    """
    if not recording.stated and not (start and end):
        reason = "the recording does not say for which time it was asked"
        fix = f"datapoints lie from {shown(recording.start)} to {shown(recording.end)}: name a time"
        raise RefusedError(recording.source, [Refusal("--from, --to", reason, fix)])
    default = recording.start if recording.since is None else recording.since
    first = option("--from", start) if start else default
    last = option("--to", end) if end else recording.end
    if first % 60 or last % 60 or first >= last:
        reason = f"{shown(first)} to {shown(last)} is no time of whole minutes"
        refusal = Refusal("--from, --to", reason, "name the earlier minute first")
        raise RefusedError("the command line", [refusal])
    # Datapoints alone do not tell when a silence before the first and after the last was asked.
    slack = 0 if recording.stated else max(each.period for each in recording.series.values())
    if first < recording.start - slack or last > recording.end + slack:
        reason = f"it was recorded from {shown(recording.start)} to {shown(recording.end)} only"
        fix = "name a time within it: beyond, silence would mean nothing"
        raise RefusedError(recording.source, [Refusal("--from, --to", reason, fix)])
    return first, last


def _in(found: Definitions, region: str) -> Definitions:
    """Keep the alarms of one region, where one is named."""
    if not region:
        return found
    kept = {n: a for n, a in found.alarms.items() if a.region in (None, region)}
    rules = tuple(rule for rule in found.mute_rules if rule.region in (None, region))
    return replace(found, alarms=kept, mute_rules=rules)
