"""A cloud assembly as evidence names it: paths within it, and whose each template is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from evidence.model import TemplateFile
from policies.templates.assembly import Reading, Template, read
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import Refusal, RefusedError


def read_assembly(folder: Path) -> Reading:
    """Read an assembly; a path is the file's within it, wherever on a machine it lies.

    Raises ``RefusedError`` for a folder that is none.
    """
    refuse_no_folder(folder)
    reading = read(folder.resolve())
    above = f"{folder.resolve().name}/"
    templates = tuple(_within(template, above) for template in reading.templates)
    troubles = tuple(
        replace(trouble, template=trouble.template.removeprefix(above))
        for trouble in reading.troubles
    )
    return replace(reading, templates=templates, troubles=troubles)


def refuse_no_folder(folder: Path) -> None:
    """Raise ``RefusedError`` for a folder that is none; a command asks before it loads judges."""
    if not folder.is_dir():
        fix = "give the folder that `cdk synth` wrote, or leave --assembly out"
        raise RefusedError(str(folder), [Refusal("--assembly", "there is no such folder", fix)])


def environments_in(reading: Reading) -> list[Environment]:
    """Load the environments that an assembly has templates of, in the order of their names."""
    labels = {label_of(template) for template in reading.templates}
    return [load_environment(name) for name in known_environments() if name in labels]


def label_of(template: Template) -> str:
    """Name the environment that a template says it is of; empty where it says none."""
    return "/".join(template.label or ())


def templates_of(environment: Environment, reading: Reading) -> list[Template]:
    """List the templates that say they are of an environment."""
    return [template for template in reading.templates if label_of(template) == environment.name]


def template_files(templates: Iterable[Template]) -> tuple[TemplateFile, ...]:
    """List templates with their hashes, by path; the region is empty where it is open."""
    found = (TemplateFile(t.path, t.stack, t.region or "", t.sha256) for t in templates)
    return tuple(sorted(found, key=lambda file: file.path))


def owners(reading: Reading, environments: Iterable[Environment]) -> Mapping[str, str]:
    """Map a template's path to the name of its environment, where it is one of these.

    What is of none of them speaks of the whole assembly, so of every environment.
    """
    names = {environment.name for environment in environments}
    labelled = ((template.path, label_of(template)) for template in reading.templates)
    return {path: name for path, name in labelled if name in names}


def require(environments: Iterable[Environment], reading: Reading, folder: Path) -> None:
    """Refuse an assembly that lacks an environment, or is made for another account or region."""
    refusals = []
    for environment in environments:
        templates = templates_of(environment, reading)
        if not templates:
            why = "no template is of it, so nothing of it can be judged"
            fix = "synthesize every environment: no -c environment= of another"
            refusals.append(Refusal(environment.name, why, fix))
            continue
        home = {t.region for t in templates if t.stack == f"{environment.slug}-network"}
        places = {t.account for t in templates} - {environment.account}
        places |= home - {environment.region}
        if places:
            said = ", ".join(sorted(place or "an open one" for place in places))
            why = f"it is made for {said}; its file says {environment.account} {environment.region}"
            fix = "synthesize without -c account= and -c region=: evidence is of the environment"
            refusals.append(Refusal(environment.name, why, fix))
    if refusals:
        raise RefusedError(str(folder), refusals)


def _within(template: Template, above: str) -> Template:
    nested = template.nested
    if nested is not None:
        nested = replace(nested, template=nested.template.removeprefix(above))
    return replace(template, path=template.path.removeprefix(above), nested=nested)
