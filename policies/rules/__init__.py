"""The runbook's own rules: one file each, which holds it as ``RULE``."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from policies.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Load every rule, by id."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}").RULE for name in names)
