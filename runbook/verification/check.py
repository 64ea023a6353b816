"""The checks beside the templates: a registry, so that a new one is a file in ``checks/``."""

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbook.verification import checks
from runbook.verification.finding import Inspection
from runbook.verification.live import Live


@dataclass(frozen=True)
class Check:
    """One check: its name, the clauses it is about, and what it does."""

    name: str
    clauses: tuple[str, ...]
    run: Callable[[Live, Inspection], None]

    def inspect(self, live: Live) -> Inspection:
        """Run it; whatever stops it is told, and never taken for good."""
        inspection = Inspection(self.name, self.clauses)
        with inspection.guarding(live.environment.name):
            self.run(live, inspection)
        return inspection


CHECKS: dict[str, Check] = {}


def checks_that(
    name: str, *clauses: str
) -> Callable[[Callable[[Live, Inspection], None]], Callable[[Live, Inspection], None]]:
    """Register the decorated function as a check of this name, about these clauses."""

    def register(run: Callable[[Live, Inspection], None]) -> Callable[[Live, Inspection], None]:
        if name in CHECKS:
            raise ValueError(f"there are two checks {name!r}")
        CHECKS[name] = Check(name, clauses, run)
        return run

    return register


@functools.cache
def all_checks() -> Mapping[str, Check]:
    """Return every check of a module in ``checks/``, by name."""
    for module in pkgutil.iter_modules(checks.__path__):
        importlib.import_module(f"{checks.__name__}.{module.name}")
    return dict(sorted(CHECKS.items()))
