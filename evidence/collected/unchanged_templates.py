"""Whether templates are still what was synthesized: the packs judged those, and these go out.

The CDK calls a template that it uploads by the SHA-256 of its bytes, in ``*.assets.json``.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from evidence.model import JudgedRule, Row, Verdict
from policies.templates.assembly import Template

UNCHANGED = "template-unchanged"
_ASSETS = "*.assets.json"
_UNRECORDED = "the assembly records no hash of it, so that it was not changed since is not known"
_CHANGED = "it was changed after it was synthesized, so what the packs found is of another template"


def rule(judge: str) -> JudgedRule:
    """Give the rule, as one of this judge."""
    return JudgedRule(
        judge,
        UNCHANGED,
        "Each template is the one that was synthesized",
        "The packs judged what was synthesized; a template that was edited since was not judged.",
        "Synthesize again, and change the code, never a template.",
    )


def unchanged_templates(judge: str, assembly: Path, templates: Iterable[Template]) -> Iterator[Row]:
    """Hold each template against the hash under which the assembly uploads it."""
    recorded = dict(_recorded(assembly))
    for template in templates:
        hash_ = recorded.get(template.path)
        if hash_ is None:
            yield Row(judge, UNCHANGED, Verdict.NOT_APPLICABLE, template.path, message=_UNRECORDED)
        elif hash_ == template.sha256:
            yield Row(judge, UNCHANGED, Verdict.PASS, template.path)
        else:
            yield Row(judge, UNCHANGED, Verdict.FAIL, template.path, message=_CHANGED)


def _recorded(assembly: Path) -> Iterator[tuple[str, str]]:
    """List what is uploaded, by its path within the assembly; what cannot be read records none."""
    for manifest in sorted(assembly.rglob(_ASSETS)):
        folder = manifest.parent.relative_to(assembly)
        try:
            for hash_, file in json.loads(manifest.read_bytes())["files"].items():
                yield (folder / str(file["source"].get("path"))).as_posix(), hash_
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
