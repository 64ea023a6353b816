"""cfn-lint and checkov as commands on templates: what they said, and a proof that they looked.

Both run without network, without configuration files and with what templates say about
suppressing them switched off or refused. Raises ``RefusedError`` for a judge that did not judge.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.waivable_rules import CFN_LINT, CHECKOV
from runbook.model.refusal import Refusal, RefusedError

Json = Any
ROOT = Path(__file__).resolve().parents[1]
CFN_LINT_COMMAND = Path(sys.executable).with_name("cfn-lint")
# Its pins are its own: it has a virtual environment to itself.
CHECKOV_COMMAND = ROOT / "judges" / ".venv" / "bin" / "checkov"
# A template with a fault that cfn-lint always finds: finding nothing proves nothing.
CANARY = "canary.template.json"
_CANARY = {"Resources": {"Canary": {"Type": "AWS::SNS::Topic", "Properties": {"Canary": True}}}}
_CANARY_RULE = "E3002"
# cfn-lint's exit code is a sum of errors, warnings and information; 1 and 32 are its own failures.
_CFN_LINT_CODES = {0, 2, 4, 6, 8, 10, 12, 14}
_CHECKOV_CODES = {0, 1}
# Nobody answers there: a judge that asks the network fails, and shows it.
_NO_NETWORK = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Found:
    """What a judge says of a template's file; ``logical_id`` is None for the whole template.

    ``title`` and ``source`` are of the rule: what it wants, and where that is explained, if the
    judge tells. ``level`` is ``error`` or ``warning``.
    """

    judge: str
    rule: str
    file: Path
    logical_id: str | None
    why: str
    title: str = ""
    source: str = ""
    level: str = "error"


@dataclass(frozen=True, slots=True)
class Said:
    """All that checkov told: what failed, and what passed."""

    failed: tuple[Found, ...]
    passed: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """A command that was started."""

    name: str
    process: subprocess.Popen[bytes]
    codes: frozenset[int]

    def stop(self) -> None:
        """End it where it still runs, and let go of what it would say."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def output(self) -> Json:
        """Wait for it and read its JSON."""
        out, err = self.process.communicate()
        if self.process.returncode not in self.codes:
            raise _broken(self.name, f"it ended with code {self.process.returncode}", err)
        try:
            return json.loads(out)
        except ValueError as error:
            raise _broken(self.name, f"what it says is no JSON: {error}", err) from None


def start_cfn_lint(files: Sequence[Path], regions: Iterable[str], work: Path) -> Judge:
    """Start cfn-lint; ``work`` is an empty folder. No template can switch its rules off."""
    canary = work / CANARY
    canary.write_text(json.dumps(_CANARY), "utf-8")
    options = ["--format", "json", "--mandatory-checks", "E", "W", "--regions", *sorted(regions)]
    command: list[str | Path] = [CFN_LINT_COMMAND, *options, "--", *files, canary]
    return _start(CFN_LINT, command, _CFN_LINT_CODES, work)


def start_checkov(files: Sequence[Path], work: Path) -> Judge:
    """Start checkov; ``work`` is an empty folder."""
    options = ["--framework", "cloudformation", "--skip-download", "--output", "json", "--compact"]
    return _start(CHECKOV, [CHECKOV_COMMAND, *options, "--file", *files], _CHECKOV_CODES, work)


def cfn_lint_found(judge: Judge) -> list[Found]:
    """Read what cfn-lint found; it has to have found the canary."""
    try:
        found = [_match(match) for match in judge.output()]
    except (KeyError, TypeError, AttributeError) as error:
        raise _unknown_form(judge, error) from None
    canaries = [item for item in found if item.file.name == CANARY]
    if _CANARY_RULE not in {item.rule for item in canaries}:
        raise _broken(judge.name, "it finds nothing in a template that is wrong", b"")
    return [item for item in found if item not in canaries]


def checkov_found(judge: Judge, resources: int) -> list[Found]:
    """Read what checkov found; it has to have read so many ``resources``, and skipped nothing."""
    return list(checkov_said(judge, resources).failed)


def checkov_said(judge: Judge, resources: int) -> Said:
    """Read what checkov found and what passed, likewise."""
    output = judge.output()
    try:
        results, summary = output["results"], output["summary"]
        failed, passed = results["failed_checks"], results["passed_checks"]
        skipped = results["skipped_checks"]
        count, unread = summary["resource_count"], summary["parsing_errors"]
        if unread or results.get("parsing_errors"):
            raise _broken(judge.name, f"it could not read {unread} templates", b"")
        if count != resources or not passed:
            raise _broken(judge.name, f"it judged {count} resources of {resources}", b"")
        if skipped:
            rule, where = skipped[0]["check_id"], skipped[0]["resource"]
            said = f"{rule} at {where} is switched off in the template"
            raise _broken(judge.name, said, b"", "waive it in policies/waivers.toml instead")
        return Said(tuple(map(_checked, failed)), tuple(map(_checked, passed)))
    except (KeyError, TypeError, AttributeError) as error:
        raise _unknown_form(judge, error) from None


def _match(match: Mapping[str, Json]) -> Found:
    path, rule = match["Location"]["Path"] or [], match["Rule"]
    return Found(
        CFN_LINT,
        rule["Id"],
        Path(match["Filename"]),
        path[1] if len(path) > 1 and path[0] == "Resources" else None,
        match["Message"],
        rule.get("ShortDescription", ""),
        rule.get("Source", ""),
        "error" if match.get("Level", "Error") == "Error" else "warning",
    )


def _checked(check: Mapping[str, Json]) -> Found:
    logical_id = check["resource"].rpartition(".")[2]
    file, name = Path(check["file_abs_path"]), check["check_name"]
    source = check.get("guideline") or ""
    return Found(CHECKOV, check["check_id"], file, logical_id, name, name, source)


def _start(name: str, command: Sequence[str | Path], codes: Iterable[int], work: Path) -> Judge:
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
    proxies = {"HTTP_PROXY": _NO_NETWORK, "HTTPS_PROXY": _NO_NETWORK}
    try:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            cwd=work,
            env={**kept, **proxies, "HOME": str(work), "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise _broken(name, f"it cannot be started: {error}", b"", "run make setup") from None
    return Judge(name, process, frozenset(codes))


def _unknown_form(judge: Judge, error: Exception) -> RefusedError:
    return _broken(judge.name, f"what it says has another form than expected: {error!r}", b"")


def _broken(name: str, reason: str, err: bytes, fix: str = "") -> RefusedError:
    said = err.decode("utf-8", "replace").strip().splitlines()
    told = f"{reason}; it says: {' | '.join(said[-3:])}" if said else reason
    fix = fix or "correct the judge; until it runs, nothing is known about the templates"
    return RefusedError("the templates", [Refusal(name, told, fix)])
