"""Alarms of one of our environments, as they are synthesized, and as the catalogue has them now."""

from dataclasses import replace
from pathlib import Path

from runbook.alarms.finding import every_alarm
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.cloudwatch.definitions import Definitions
from simulator.templates.agreement import differences
from simulator.templates.reading import definitions_in
from simulator.templates.template_files import templates_at

# What `make synth` writes.
ASSEMBLY = Path("cdk.out")
_SYNTH = "make synth"


def definitions_of(environment: str, assembly: Path = ASSEMBLY) -> Definitions:
    """Read the alarms of an environment's stacks, each by its key and id in the catalogue, too.

    Raises ``RefusedError`` for an environment that is not there, for an assembly that is missing or
    cannot be read, and for one that does not hold exactly the alarms and mute rules of today's
    catalogue: a test of yesterday's would say nothing of what is deployed next.
    """
    ours = load_environment(environment)
    found = _read(ours, assembly)
    if different := list(differences(ours, found)):
        reason = f"it is older than the definitions, or not made from them: {different[0]}"
        if len(different) > 1:
            reason += f"; and {len(different) - 1} more"
        raise RefusedError(str(assembly), [Refusal(environment, reason, _SYNTH)])
    return replace(_keyed(ours, found), read_from=f"{assembly} ({environment})")


def _read(environment: Environment, assembly: Path) -> Definitions:
    """Read the templates that say they are of the environment."""
    if not assembly.is_dir():
        reason = "there is no assembly yet"
        raise RefusedError(str(assembly), [Refusal(WHOLE_FILE, reason, _SYNTH)])
    templates, _ = templates_at([assembly])
    own = [each for each in templates if each.label and "/".join(each.label) == environment.name]
    if not own:
        reason = f"it holds no stack of {environment.name}"
        raise RefusedError(str(assembly), [Refusal(environment.name, reason, _SYNTH)])
    return definitions_in(own)


def _keyed(environment: Environment, found: Definitions) -> Definitions:
    """Call each alarm by its key and its id first, as people do."""
    known = {alarm.name(environment.slug): alarm for alarm in every_alarm(environment)}
    return replace(
        found,
        alarms={
            name: replace(
                alarm, keys=tuple(dict.fromkeys((known[name].key, known[name].id, *alarm.keys)))
            )
            for name, alarm in found.alarms.items()
        },
    )
