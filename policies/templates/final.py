"""Whether what is judged is what will be deployed, once, and where its environment is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from policies.templates.assembly import NESTED_TEMPLATE, Template
from policies.templates.scope import Scope
from policies.templates.values import Unknown
from runbook.model.environment import Environment

Found = tuple[Template, str]
# They make resources of templates that stand somewhere else.
_ELSEWHERE = (
    "AWS::CloudFormation::StackSet",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
)
_MODULE = "::MODULE"
# A custom resource is what its function makes of it: the function has to be here.
_CUSTOM, _CUSTOM_RESOURCE = "Custom::", "AWS::CloudFormation::CustomResource"
_FUNCTION = "AWS::Lambda::Function"
_LATER = "Fn::Transform"


def not_final(template: Template) -> Iterator[str]:
    """Tell what CloudFormation would still change, and what it would not take."""
    body = template.body
    if body.get("Transform"):
        yield "Transform changes it after this check: what is deployed is not what is judged"
    if _holds_transform({key: item for key, item in body.items() if key != "Resources"}):
        yield f"{_LATER} puts something into it that is not here yet"
    for logical_id, resource in body["Resources"].items():
        if logical_id.startswith("Fn::"):
            yield f"{logical_id} makes resources that are not here yet"
        elif not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            yield f"{logical_id} is no resource: it has no Type"
        elif _makes_others(resource["Type"]):
            yield f"{logical_id} is {resource['Type']}: what it makes is not here to be judged"
        elif _holds_transform(resource):
            yield f"{_LATER} puts something into {logical_id} that is not here yet"


def _makes_others(kind: str) -> bool:
    """Tell a module, a type of nobody's but the account's, and what deploys other templates."""
    ours = kind.startswith(("AWS::", _CUSTOM))
    return not ours or kind.endswith(_MODULE) or kind in _ELSEWHERE


def _holds_transform(value: Any) -> bool:  # noqa: ANN401 - JSON is any value
    match value:
        case dict():
            return _LATER in value or any(map(_holds_transform, value.values()))
        case list():
            return any(map(_holds_transform, value))
    return False


def ambiguous(templates: Sequence[Template]) -> Iterator[Found]:
    """Tell what is here twice: a reference or a name would mean either."""
    paths = Counter(template.path for template in templates)
    stacks = Counter(template.stack for template in templates)
    for template in templates:
        if paths[template.path] > 1:
            yield (
                template,
                "it is here twice: as two nested stacks, or as two paths that were given",
            )
        elif stacks[template.stack] > 1:
            yield (
                template,
                f"another template is the stack {template.stack}, too: which one counts?",
            )
    counted = Counter(path for _, path in _places(templates))
    for template, path in _places(templates):
        if counted[path] > 1:
            counted[path] = 0
            yield template, f"two resources say that they are {path}: a waiver means one"


def _places(templates: Sequence[Template]) -> Iterator[tuple[Template, str]]:
    """List where in the construct tree resources say they are."""
    for template in templates:
        for resource in template.body["Resources"].values():
            metadata = resource.get("Metadata") if isinstance(resource, dict) else None
            path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
            if isinstance(path, str):
                yield template, path


def misplaced(
    environment: Environment, templates: Sequence[Template], *, whole: bool
) -> Iterator[Found]:
    """Tell what goes to another account or region than its environment is in.

    A template that was given alone may not say where it goes.
    """
    for template in templates:
        account, region = template.account, template.region
        if account is None or region is None:
            if whole:
                yield template, "it goes to whichever account and region somebody deploys it from"
        elif account != environment.account:
            yield (
                template,
                f"it goes to account {account}, {environment.name} is in {environment.account}",
            )
        elif whole and region not in environment.regions:
            yield (
                template,
                f"it goes to {region}, {environment.name} is in {', '.join(environment.regions)}",
            )


def unlinked(scope: Scope) -> Iterator[Found]:
    """Tell nested stacks that take another template than the one that is here.

    A template that was given alone does not say where it is uploaded.
    """
    for stack in scope.stacks:
        nested = stack.template.nested
        parent = scope.stack_at(nested.template) if nested else None
        uploads = stack.template.uploads
        if nested is None or parent is None or uploads is None:
            continue
        resource = parent.resources.get(nested.logical_id)
        if resource is None:
            continue
        wanted = _address(
            uploads.get(resource.body["Metadata"][NESTED_TEMPLATE], ""), parent.template
        )
        url = (
            resource.properties.get("TemplateURL")
            if isinstance(resource.properties, dict)
            else None
        )
        if isinstance(url, Unknown) or url != wanted:
            yield stack.template, f"{nested.logical_id} takes its template from somewhere else"


def made_elsewhere(scope: Scope) -> Iterator[Found]:
    """Tell custom resources whose function is not among the templates, so that nobody judged it.

    A template that was given alone may take its function from another one.
    """
    for stack in scope.stacks if scope.whole else ():
        for logical_id, resource in stack.resources.items():
            if not resource.type.startswith(_CUSTOM) and resource.type != _CUSTOM_RESOURCE:
                continue
            properties = resource.properties
            token = properties.get("ServiceToken") if isinstance(properties, dict) else None
            function = scope.target(token)
            if function is None or function.type != _FUNCTION:
                yield (
                    stack.template,
                    f"{logical_id} is made by what its ServiceToken names, which is no function "
                    "of these templates: nobody can see what it does",
                )


def _address(upload: str, template: Template) -> str:
    place = {"${AWS::AccountId}": template.account, "${AWS::Region}": template.region}
    for name, value in place.items():
        upload = upload.replace(name, value or name)
    return f"https://s3.{template.region}.amazonaws.com/{upload}"
