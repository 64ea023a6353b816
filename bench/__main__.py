"""``python -m bench``: every measurement, one line each; exit code 1 when a bound is broken.

``python -m bench mutants RULE...`` tries the mutants of those rules alone.
"""

import sys
from collections.abc import Iterable, Sequence

from bench import (
    alarm_replay,
    command_start,
    evidence,
    mutants,
    rule_check,
    sandbox_deploy,
    synthesis,
)
from bench.measurement import Measurement


def main(arguments: Sequence[str]) -> int:
    """Run all measurements, the quick ones first, or the mutants of the rules that are named."""
    kept = True
    for measurement in _measurements(arguments):
        print(measurement.line(), flush=True)  # noqa: T201 - the benchmark's output
        kept &= measurement.kept
    return 0 if kept else 1


def _measurements(arguments: Sequence[str]) -> Iterable[Measurement]:
    match arguments:
        case []:
            quick = (command_start, alarm_replay, rule_check, synthesis)
            for part in (*quick, evidence, sandbox_deploy, mutants):
                yield from part.measure()
        case ["mutants", *rules]:
            yield from mutants.measure(*rules)
        case _:
            sys.exit("usage: python -m bench [mutants [RULE...]]")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
