"""The command ``runbook``, also as ``python -m runbook``."""

import gc

# New objects between two collections.
COLLECT_AFTER = 100_000


def main() -> None:
    """Run the command line, its imports included, with little garbage collection.

    What they make lives until the process ends: looking through it takes a tenth of a check.
    """
    gc.set_threshold(COLLECT_AFTER)
    from runbook.cli import main as run

    run()


if __name__ == "__main__":
    main()
