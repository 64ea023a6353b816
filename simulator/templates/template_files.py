"""Template files, as somebody gives them: cloud assemblies, JSON, YAML."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from policies.templates import assembly
from policies.templates.assembly import Template
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.templates import yaml_templates


def templates_at(paths: Sequence[Path]) -> tuple[list[Template], bool]:
    """Read every template, and say whether only assemblies were given.

    Raises ``RefusedError`` for a path that is neither, for what is no template, and for an
    assembly that cannot be read whole.
    """
    if not paths:
        raise _refused("no template", "there is nothing to read", "name an assembly or a template")
    found: list[Template] = []
    for path in dict.fromkeys(paths):
        if not path.exists():
            fix = "name a template, or an assembly: make synth writes cdk.out"
            raise _refused(str(path), "there is no such file or folder", fix)
        found += _read_yaml(path) if _is_yaml(path) else _read(path)
    _twice(found)
    return found, all(path.is_dir() for path in paths)


def _read(path: Path) -> Sequence[Template]:
    try:
        reading = assembly.read(path)
    except RecursionError:
        raise _refused(str(path), "it is nested too deeply", "give a template") from None
    except (KeyError, TypeError, AttributeError, OSError, ValueError) as error:
        reason = f"what stands beside it cannot be read: {type(error).__name__}: {error}"
        raise _refused(str(path), reason, "synthesize again, or give the template alone") from None
    # No alarm hangs on code that is uploaded.
    if troubles := [each for each in reading.troubles if not each.of_asset]:
        whole = "give the whole assembly that it is of, or the template in YAML"
        fix = "synthesize again: make synth" if path.is_dir() else whole
        refusals = [Refusal(each.template, each.reason, fix) for each in troubles]
        raise RefusedError(str(path), refusals)
    return reading.templates


def _is_yaml(path: Path) -> bool:
    """Tell YAML from JSON: a template in JSON begins with a brace, and is called .json."""
    if path.is_dir() or not path.is_file() or path.suffix == ".json":
        return False
    try:
        with path.open("rb") as file:
            return not file.read(4096).lstrip().startswith(b"{")
    except OSError as error:
        raise _refused(str(path), str(error), "give a template that can be read") from None


def _read_yaml(path: Path) -> list[Template]:
    try:
        text = path.read_bytes()
        body = yaml_templates.parsed(text)
    except (OSError, ValueError) as error:
        reason = f"it cannot be read as YAML: {error}"
        raise _refused(str(path), reason, "give a template in JSON or YAML") from None
    if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
        reason = "it is YAML, but no template: Resources is not an object"
        raise _refused(str(path), reason, "give a file with Resources")
    return [Template(path.name, hashlib.sha256(text).hexdigest(), body, path.stem)]


def _twice(found: Sequence[Template]) -> None:
    """Refuse two of one name: a reference and a mark would mean either."""
    for name in ("path", "stack"):
        values = [getattr(template, name) for template in found]
        for value in values:
            if values.count(value) > 1:
                reason = f"two of the templates are called {value}"
                raise _refused(str(value), reason, "rename one, or give one of them")


def _refused(source: str, reason: str, fix: str) -> RefusedError:
    return RefusedError(source, [Refusal(WHOLE_FILE, reason, fix)])
