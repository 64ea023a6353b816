"""``python -m bench``: every measurement, one line each; exit code 1 when a bound is broken."""

import sys

from bench import command_start, sandbox_deploy, synthesis


def main() -> int:
    """Run all measurements, the quick ones first."""
    kept = True
    for measure in (command_start.measure, synthesis.measure, sandbox_deploy.measure):
        for measurement in measure():
            print(measurement.line(), flush=True)  # noqa: T201 - the benchmark's output
            kept &= measurement.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
