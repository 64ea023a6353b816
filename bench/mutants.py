"""Source mutations of policies/rules: a rule that is broken anywhere must be missed by its tests.

Each mutant is judged by the tests of its own rule, in a process of its own, on one synthesis.
Those that survive stand in survivors.toml with the reason why nothing can tell them apart.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from bench.measurement import Measurement
from policies.rules import all_rules
from tests.assembly import ROOT, Assembly

RULES, TESTS = ROOT / "policies" / "rules", ROOT / "tests" / "policies" / "rules"
SURVIVORS = Path(__file__).with_name("survivors.toml")
LONGEST_SECONDS = 120
# Without those that no test can tell apart in Python, such as == and is.
OPERATORS = (
    "AddNot",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceBreakWithContinue",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceContinueWithBreak",
    "ReplaceFalseWithTrue",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceUnaryOperator_Delete_Not",
    "ZeroIterationForLoop",
)


# What tests/policies/test_rule_pack.py holds for all rules together, and how much is remembered,
# which changes no answer.
HELD_ELSEWHERE = ("waivable=", "@lru_cache(")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one rule's source; ``line`` is the changed line as it then reads."""

    rule: str
    operator: str
    line: str
    source: str


def measure() -> Iterator[Measurement]:
    """Break every rule in every place and count who notices."""
    mutants = [mutant for file in sorted(RULES.glob("[!_]*.py")) for mutant in mutants_of(file)]
    explained = {(survivor["rule"], survivor["line"]) for survivor in _survivors()}
    survivors, unexplained = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        _synthesize(folder)
        for mutant in _survived(mutants, folder):
            survivors += 1
            if (mutant.rule, mutant.line) not in explained:
                unexplained += 1
                told = f"survived: {mutant.rule}, {mutant.operator}: {mutant.line}"
                print(told, file=sys.stderr, flush=True)  # noqa: T201 - what to look at
    noticed = 100 * (len(mutants) - survivors) / len(mutants)
    yield Measurement(f"mutants of {len(all_rules())} rules", len(mutants), "")
    yield Measurement("noticed by the rule's own tests", noticed, "%")
    yield Measurement("survivors without an explanation", unexplained, "", bound=0)


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Change a rule's source in each place in turn."""
    source = file.read_text("utf-8")
    for name in OPERATORS:
        occurrence = 0
        while changed := mutate_code(source, get_operator(f"core/{name}")(), occurrence):
            line = _changed_line(source, changed)
            if not line.startswith(HELD_ELSEWHERE):
                yield Mutant(file.stem, name, line, changed)
            occurrence += 1


def _changed_line(source: str, changed: str) -> str:
    pairs = zip(source.splitlines(), changed.splitlines(), strict=False)
    return next((new.strip() for old, new in pairs if old != new), "")


def _survivors() -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads(SURVIVORS.read_text("utf-8")).get("survivor", [])
    return found


def _synthesize(folder: str) -> None:
    place = {"CDK_OUTDIR": folder, "CDK_CONTEXT_JSON": "{}"}
    command = [sys.executable, str(ROOT / "app.py")]
    subprocess.run(command, check=True, env=os.environ | place)


def _survived(mutants: list[Mutant], folder: str) -> Iterator[Mutant]:
    context = multiprocessing.get_context("fork")
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        tasks = [(mutant, folder) for mutant in mutants]
        for mutant, passed in zip(mutants, pool.imap(_tests_pass, tasks), strict=True):
            if passed:
                yield mutant


def _tests_pass(task: tuple[Mutant, str]) -> bool:
    """Run the rule's tests on the mutant; in a process of its own, which it leaves spoiled."""
    mutant, folder = task
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(LONGEST_SECONDS)
    module = import_module(f"policies.rules.{mutant.rule}")
    try:
        exec(compile(mutant.source, str(module.__file__), "exec"), module.__dict__)  # noqa: S102
    except Exception:  # noqa: BLE001 - a mutant that does not even load is noticed
        return False
    all_rules.cache_clear()
    test = TESTS / f"test_{mutant.rule}.py"
    with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):  # noqa: PTH123
        code = pytest.main(
            ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(test)],
            plugins=[_OneSynthesis(folder)],
        )
    return code == pytest.ExitCode.OK


def _give_up(*_: object) -> None:
    raise TimeoutError


class _OneSynthesis:
    """Give the tests the synthesis that is there instead of one each."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def pytest_collection_finish(self) -> None:
        conftest: ModuleType = sys.modules["tests.conftest"]
        conftest.synthesize = lambda *_: Assembly(Path(self._folder))  # type: ignore[attr-defined]
