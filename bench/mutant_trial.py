"""One rule's mutants before the rule's own tests, each in a process of its own.

What no mutant changes is worked out once, before the processes fork: the templates, and what all
other rules say of them, spoilt by each test. Those that need no templates are asked first.
"""

import contextlib
import gc
import hashlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from policies.engine import check
from policies.report import Report
from policies.rule import Rule
from policies.rules import all_rules
from policies.templates.assembly import Reading, read
from runbook.model.loader import load_environment
from tests.assembly import ROOT, Assembly

RULES, TESTS = ROOT / "policies" / "rules", ROOT / "tests" / "policies" / "rules"
# Of the processor, not of the clock: on a loaded machine a test takes longer, and does no more.
LONGEST_SECONDS = 120
# One failure is enough; what pytest itself keeps, shuffles or looks for afterwards tells nothing.
_OFF = ("cacheprovider", "randomly", "unraisableexception")
_QUICK = ("-x", "-q", "--tb=no", *(option for name in _OFF for option in ("-p", f"no:{name}")))
Verdict = Literal["noticed", "survived", "stopped"]


class Trial:
    """The tests of one rule, ready for its mutants; ``folder`` holds the synthesis."""

    def __init__(self, rule: str, folder: Path) -> None:
        self._rule = rule
        self._scratch = folder / f"tests-{rule}"
        self._templates = _Templates(folder, _own(rule))
        if (code := self._tests()) != pytest.ExitCode.OK:
            raise RuntimeError(f"the tests of {rule} fail on it as it is: {code!r}")

        # Else each process copies and searches what they share whenever it collects garbage.
        gc.freeze()

    def verdict(self, source: str) -> Verdict:
        """Say what the tests make of the rule with this source.

        ``stopped`` is one that they did not end on in ``LONGEST_SECONDS``: nobody noticed anything.
        """
        child = os.fork()
        if not child:
            os._exit(self._exit_code(source))
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
            return "stopped"
        match os.waitstatus_to_exitcode(status):
            case pytest.ExitCode.OK:
                return "survived"
            case pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.INTERRUPTED:
                return "noticed"
            case code:
                raise RuntimeError(f"the tests of {self._rule} ended with {code} on a mutant")

    def _exit_code(self, source: str) -> int:
        """Become the mutant, in a process of its own, which this leaves spoiled."""
        # No handler: one would not run while a regular expression takes forever.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, LONGEST_SECONDS)
        try:
            module = import_module(f"policies.rules.{self._rule}")
            exec(compile(source, str(module.__file__), "exec"), module.__dict__)  # noqa: S102
            _forget(self._rule)
            return self._tests()
        except BaseException:  # noqa: BLE001 - a mutant that does not even load is noticed
            return pytest.ExitCode.TESTS_FAILED

    def _tests(self) -> int:
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):  # noqa: PTH123
            return pytest.main(
                [*_QUICK, f"--basetemp={self._scratch}", str(TESTS / f"test_{self._rule}.py")],
                plugins=[self._templates],
            )


def _own(rule: str) -> frozenset[str]:
    """Name the rule by its id, and those that import something from it."""
    return frozenset(name.replace("_", "-") for name in (rule, *_importing(rule)))


def _importing(rule: str) -> list[str]:
    wanted = f"from policies.rules.{rule} import"
    return [file.stem for file in RULES.glob("*.py") if wanted in file.read_text("utf-8")]


def _forget(rule: str) -> None:
    """Have everything imported anew that may hold something of the rule as it was."""
    all_rules.cache_clear()
    stale = [f"policies.rules.{name}" for name in _importing(rule)]
    stale += [name for name in sys.modules if name.startswith("tests.policies.rules.test_")]
    for name in stale:
        sys.modules.pop(name, None)


class _Templates:
    """Give the tests the synthesis that is there, and the other rules' results on it."""

    def __init__(self, folder: Path, own: frozenset[str]) -> None:
        self._folder = folder
        self._own = own
        self._known: dict[bytes, Report] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        """Ask first what is answered soonest."""
        items.sort(key=lambda item: "assembly" in item.fixturenames)

    def pytest_collection_finish(self) -> None:
        """Put what is worked out once in the place of what works it out."""
        self._set("tests.conftest", synthesize=lambda *_: Assembly(self._folder))
        self._set("tests.policies.rules.conftest", read=read_once)
        self._set("tests.policies.rules.harness", check=self._check)
        self._set("policies.engine", load_environment=_load_once)

    def _set(self, module: str, **names: object) -> None:
        found: ModuleType = sys.modules[module]
        vars(found).update(names)

    def _check(self, reading: Reading, rules: Sequence[Rule]) -> Report:
        """Judge by all rules, by those that no mutant here changes only once."""
        own = [rule for rule in rules if rule.id in self._own]
        if len(own) == len(rules):
            return check(reading, rules)
        content = hashlib.sha256(repr(reading).encode()).digest()
        if content not in self._known:
            others = [rule for rule in rules if rule.id not in self._own]
            self._known[content] = check(reading, others)
        known = self._known[content]
        return replace(known, results=(*known.results, *check(reading, own).results))


_load_once = cache(load_environment)


@cache
def read_once(folder: Path) -> Reading:
    """Read an assembly that nobody changes."""
    return read(folder)


def tried(rule: str, sources: Sequence[str], folder: Path) -> list[Verdict]:
    """Try all mutants of one rule, in their order."""
    if not sources:
        return []
    trial = Trial(rule, folder)
    return [trial.verdict(source) for source in sources]
