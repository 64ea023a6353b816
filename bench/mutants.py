"""Source mutations of policies/rules: a rule that is broken anywhere must be missed by its tests.

Each mutant is judged by the tests of its own rule, in a process of its own, on one synthesis.
Those that survive stand in survivors.toml with the reason why nothing can tell them apart.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from bench.measurement import Measurement
from bench.mutant_trial import RULES, Verdict, read_once, tried
from policies.rules import all_rules
from tests.assembly import ROOT

SURVIVORS = Path(__file__).with_name("survivors.toml")
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


def measure(*rules: str) -> Iterator[Measurement]:
    """Break every rule in every place and count who notices; ``rules`` are ids, none means all."""
    files = _files(rules)
    explained = {(survivor["rule"], survivor["line"]) for survivor in _survivors()}
    verdicts = Counter[Verdict]()
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        _synthesize(folder)
        for mutant, verdict in _judged(files, Path(folder)):
            verdicts[verdict] += 1
            known = verdict == "survived" and (mutant.rule, mutant.line) in explained
            if verdict != "noticed" and not known:
                unexplained += verdict == "survived"
                told = f"{verdict}: {mutant.rule}, {mutant.operator}: {mutant.line}"
                print(told, file=sys.stderr, flush=True)  # noqa: T201 - what to look at
    total = verdicts.total()
    yield Measurement(f"mutants of {len(files)} rules", total, "")
    yield Measurement("noticed by the rule's own tests", 100 * verdicts["noticed"] / total, "%")
    yield Measurement("stopped by the limit of time, so noticed by nobody", verdicts["stopped"], "")
    yield Measurement("survivors without an explanation", unexplained, "", bound=0)


def _files(rules: Sequence[str]) -> list[Path]:
    """Find the rules' sources, the longest first: nobody waits for the last of many mutants."""
    files = [RULES / f"{rule.replace('-', '_')}.py" for rule in rules] or [*RULES.glob("[!_]*.py")]
    if unknown := [file.stem for file in files if not file.is_file()]:
        sys.exit(f"no rule is called {', '.join(unknown)}")
    return sorted(files, key=lambda file: file.stat().st_size, reverse=True)


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


def _judged(files: Sequence[Path], folder: Path) -> Iterator[tuple[Mutant, Verdict]]:
    # Before the processes fork, so that each has them.
    all_rules()
    read_once(folder)
    context = multiprocessing.get_context("fork")
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for found in pool.imap_unordered(partial(_tried, folder=folder), files):
            yield from found


def _tried(file: Path, folder: Path) -> list[tuple[Mutant, Verdict]]:
    mutants = list(mutants_of(file))
    verdicts = tried(file.stem, [mutant.source for mutant in mutants], folder)
    return list(zip(mutants, verdicts, strict=True))
