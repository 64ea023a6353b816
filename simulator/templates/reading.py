"""Alarms and mute rules of templates, ours or anybody's, for a replay.

A stranger's template need not be ours: what it leaves to the deploy becomes a mark where a name is
enough, and is refused where CloudWatch computes with it. What cannot be read is kept with its
reason, so that it stops nobody who asks for another alarm.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from policies.templates.assembly import Template
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.cloudwatch.definitions import Definitions
from simulator.templates.conditions import Parameters, cases_of
from simulator.templates.joining import agreed, joined
from simulator.templates.resources import Resources
from simulator.templates.template_files import templates_at

# They change nothing in the resources that stand in the template.
_TRANSFORMS = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions")
_NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")


def read_definitions(
    paths: Sequence[Path], parameters: Mapping[str, str] | None = None
) -> Definitions:
    """Read the alarms of cloud assemblies, or of single templates in JSON or YAML.

    ``parameters`` are values of the templates' parameters, ``AWS::Region`` and its like among
    them. Without one an alarm that computes with it is refused, even if it has a default: which
    threshold is deployed, nobody knows who did not give it. Raises ``RefusedError`` for files that
    cannot be read.
    """
    templates, _ = templates_at(paths)
    found = definitions_in(templates, parameters or {})
    return replace(found, read_from=", ".join(map(str, paths)))


def definitions_in(
    templates: Sequence[Template], parameters: Mapping[str, str] | None = None
) -> Definitions:
    """Read the alarms of these templates, which are deployed together."""
    for template in templates:
        _final(template)
    given = Parameters(templates, parameters or {})
    try:
        cases = cases_of(templates, given.arguments)
        readings = [dict(Resources(scope, given.defaults).found()) for scope in cases]
    except RecursionError:
        fix = "give a template with less in one another"
        refusal = Refusal(WHOLE_FILE, "it is nested too deeply", fix)
        raise RefusedError(templates[0].path, [refusal]) from None
    keys = dict.fromkeys(key for reading in readings for key in reading)
    found = joined([agreed([reading.get(key) for reading in readings]) for key in keys])
    return replace(found, unread=tuple(_unread(templates)))


def _unread(templates: Sequence[Template]) -> Iterator[str]:
    """Name the nested stacks whose templates are not among these."""
    there = {(t.nested.template, t.nested.logical_id) for t in templates if t.nested}
    for template in templates:
        for logical_id, body in template.body["Resources"].items():
            nested = isinstance(body, dict) and body.get("Type") in _NESTED
            if nested and (template.path, logical_id) not in there:
                yield f"{template.path}: {logical_id}"


def _final(template: Template) -> None:
    """Refuse a template that is rewritten: what is deployed is not what stands here."""
    declared = template.body.get("Transform") or []
    listed = declared if isinstance(declared, list) else [declared]
    for each in listed:
        if each not in _TRANSFORMS:
            name = each.get("Name") if isinstance(each, dict) else each
            raise _rewritten(template, "Transform", f"{name} rewrites it")
    for key in (*template.body, *template.body["Resources"]):
        if key.startswith("Fn::"):
            raise _rewritten(template, key, "it puts something in its place")


def _rewritten(template: Template, key: str, what: str) -> RefusedError:
    reason = f"{what} before it is deployed, alarms and mute rules perhaps too"
    fix = "give what aws cloudformation get-template --template-stage Processed says"
    return RefusedError(template.path, [Refusal(key, reason, fix)])
