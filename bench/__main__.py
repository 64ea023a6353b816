"""``python -m bench``: every measurement, one line each; exit code 1 when a bound is broken."""

import sys

from bench import command_start, mutants, rule_check, sandbox_deploy, synthesis


def main() -> int:
    """Run all measurements, the quick ones first."""
    kept = True
    for part in (command_start, rule_check, synthesis, sandbox_deploy, mutants):
        for measurement in part.measure():
            print(measurement.line(), flush=True)  # noqa: T201 - the benchmark's output
            kept &= measurement.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
