"""``python -m policies.judges build/check``: what independent judges say of the templates.

cfn-lint and checkov know nothing of our rules. What they find is waived in policies/waivers.toml
or fails, and so does a waiver that nobody needs, and a judge that did not judge.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from policies.findings import Finding, refusals_of_findings
from policies.judge_runs import (
    Found,
    cfn_lint_found,
    checkov_found,
    start_cfn_lint,
    start_checkov,
)
from policies.templates.assembly import Template, read
from policies.waivable_rules import CFN_LINT, CHECKOV
from policies.waivers import Waived, load_waivers
from policies.waiving import unused, waived_for
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import Refusal, RefusedError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def judge(assembly: Path) -> None:
    """Let cfn-lint and checkov judge a cloud assembly of all environments."""
    reading = read(assembly)
    if reading.troubles:
        unread = [Refusal(t.template, t.reason, "synthesize again") for t in reading.troubles]
        raise RefusedError(str(assembly), unread)
    labels = {"/".join(template.label) for template in reading.templates if template.label}
    missing = [name for name in known_environments() if name not in labels]
    if missing:
        why = "no template is of it, so nothing of it was judged"
        fix = "synthesize every environment: no -c environment=, in no cdk.json either"
        raise RefusedError(str(assembly), [Refusal(name, why, fix) for name in missing])
    files = {(assembly.parent / t.path).resolve(): t for t in reading.templates}
    found = _found(files)
    environments = [load_environment(name) for name in known_environments()]
    waived = waived_for((CFN_LINT, CHECKOV), load_waivers(), environments)
    refusals = held_against(found, files, waived, environments)
    if refusals:
        raise RefusedError(f"{assembly}, judged by cfn-lint and checkov,", refusals)
    typer.echo(
        f"judges: cfn-lint and checkov judged {len(files)} templates; {len(found)} findings, "
        "each waived"
    )


def held_against(
    found: Iterable[Found],
    files: dict[Path, Template],
    waived: Sequence[Waived],
    environments: Sequence[Environment],
) -> list[Refusal]:
    """List the findings without a waiver, grouped by rule, and the waivers without a finding."""
    expected = {(item.rule, item.path) for item in waived}
    used, findings = set(), []
    for item in found:
        path = construct_path(item, files)
        finding = (f"{item.judge}::{item.rule}", path)
        if finding in expected:
            used.add(finding)
        else:
            findings.append(Finding(item.judge, item.rule, path, item.why))
    return [*refusals_of_findings(findings, environments), *unused(waived, used)]


def _found(files: dict[Path, Template]) -> list[Found]:
    """Run both side by side."""
    regions = {template.region for template in files.values() if template.region}
    resources = sum(len(template.body["Resources"]) for template in files.values())
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        cfn_lint = start_cfn_lint(list(files), regions, Path(one))
        checkov = start_checkov(list(files), Path(other))
        return [*cfn_lint_found(cfn_lint), *checkov_found(checkov, resources)]


def construct_path(found: Found, files: Mapping[Path, Template]) -> str:
    """Tell the construct; the template and what stands in it where the CDK says nothing of it."""
    template = files.get(found.file.resolve())
    if template is None:
        return str(found.file)
    resource = template.body["Resources"].get(found.logical_id)
    metadata = resource.get("Metadata") if isinstance(resource, dict) else None
    path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
    return path if isinstance(path, str) else f"{template.path} {found.logical_id or ''}".strip()


if __name__ == "__main__":
    try:
        app()
    except RefusedError as refused:
        sys.exit(str(refused))
