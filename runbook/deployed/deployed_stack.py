"""A stack as CloudFormation says that it stands, and what its template's expressions can ask it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.deployed.description import Description, NotThereError, Resource, describers
from runbook.deployed.intrinsics import Resolver, UnresolvableError, WithheldError
from runbook.deployed.place import Place

COMPLETE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
# A partition's domain, for AWS::URLSuffix; the others have domains of their own.
DOMAINS = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}


class NotDeployedError(Exception):
    """A stack is not there, or not completely; says which and how it stands."""


@dataclass
class DeployedStack:
    """A deployed stack; answers the expressions of its template (intrinsics.Deployment)."""

    name: str
    stack_id: str
    place: Place
    template: Mapping[str, Any]
    termination_protection: bool
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    resources: Mapping[str, tuple[str, str]]
    exports: Mapping[str, str]
    own_exports: Mapping[str, str]
    _descriptions: dict[str, Description] = field(default_factory=dict)
    _failures: dict[str, Exception] = field(default_factory=dict)
    _underway: set[str] = field(default_factory=set)

    @property
    def resolver(self) -> Resolver:
        """Resolve this stack's template against this stack."""
        return Resolver(self.template, self)

    def describe(self, logical_id: str) -> Description:
        """Read a resource, once; raises UnresolvableError or NotThereError, or what AWS refuses."""
        if logical_id in self._failures:
            raise self._failures[logical_id]
        if logical_id not in self._descriptions:
            if logical_id in self._underway:
                raise UnresolvableError(f"{logical_id} refers to itself")
            self._underway.add(logical_id)
            try:
                self._descriptions[logical_id] = self._read(logical_id)
            except (NotThereError, ClientError, BotoCoreError) as error:
                self._failures[logical_id] = error
                raise
            finally:
                self._underway.discard(logical_id)
        return self._descriptions[logical_id]

    def read_all(self) -> None:
        """Read every resource of the template; what fails is told when it is asked for."""
        for logical_id in self.template["Resources"].keys() & self.resources.keys():
            with suppress(UnresolvableError, NotThereError, ClientError, BotoCoreError):
                self.describe(logical_id)

    def reference(self, logical_id: str) -> str:
        """Return a resource's physical id."""
        try:
            return self.resources[logical_id][1]
        except KeyError:
            raise UnresolvableError(f"the stack has no resource {logical_id}") from None

    def attribute(self, logical_id: str, name: str) -> Any:  # noqa: ANN401 - any JSON value
        """Return an attribute, read from the live resource."""
        self.reference(logical_id)
        try:
            attributes = self.describe(logical_id).attributes
        except (NotThereError, ClientError, BotoCoreError) as error:
            raise UnresolvableError(f"{logical_id}.{name}: {error}") from None
        if name not in attributes:
            raise UnresolvableError(f"{logical_id}.{name}: not among what was described")
        return attributes[name]

    def parameter(self, name: str) -> str:
        """Return the value the stack was deployed with."""
        try:
            return self.parameters[name]
        except KeyError:
            raise UnresolvableError(f"the stack has no parameter {name}") from None

    def pseudo_parameter(self, name: str) -> Any:  # noqa: ANN401 - a text or a list of texts
        """Return a pseudo parameter's value."""
        partition = self.stack_id.split(":")[1]
        values = {
            "AWS::AccountId": self.place.account,
            "AWS::Partition": partition,
            "AWS::Region": self.place.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": DOMAINS.get(partition),
        }
        value = values.get(name)
        if value is None:
            raise UnresolvableError(f"pseudo parameter {name}")
        return value

    def exported(self, name: str) -> str:
        """Return another stack's export."""
        try:
            return self.exports[name]
        except KeyError:
            raise UnresolvableError(f"no stack exports {name}") from None

    def secret(self, secret_id: str, key: str, stage: str, version: str) -> str:
        """Return a secret's value, or that of a key in its JSON; no error holds any of it."""
        given = {"VersionStage": stage, "VersionId": version}
        place = f"secret {secret_id}{f', key {key}' if key else ''}"
        if not self.place.reads_secret_values:
            raise WithheldError(f"{place}: no secret's value is read")
        try:
            answer = self.place.client("secretsmanager").get_secret_value(
                SecretId=secret_id, **{name: value for name, value in given.items() if value}
            )
            text: str = answer["SecretString"]
            value = json.loads(text)[key] if key else text
        except (ClientError, BotoCoreError) as error:
            raise UnresolvableError(f"{place}: {error}") from None
        except (KeyError, TypeError, ValueError):
            raise UnresolvableError(f"{place}: the secret holds no such value") from None
        return value if isinstance(value, str) else json.dumps(value)

    def _read(self, logical_id: str) -> Description:
        type_, physical_id = self.resources[logical_id]
        describe = describers().get(type_)
        if describe is None:
            raise UnresolvableError(f"no module in runbook/deployed/described/ reads {type_}")
        try:
            return describe(Resource(type_, physical_id, self.place, self._declared(logical_id)))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # AWS answered what the describer does not expect: a difference, never a traceback.
            raise UnresolvableError(f"describing {type_} failed: {error!r}") from error

    def _declared(self, logical_id: str) -> Callable[[str], Any]:
        properties = self.template["Resources"][logical_id].get("Properties", {})

        def declared(name: str) -> Any:  # noqa: ANN401 - any JSON value
            resolved = self.resolver.resolve([properties[name]]) if name in properties else []
            if not resolved:
                raise UnresolvableError(f"the template gives {logical_id} no {name}")
            return resolved[0]

        return declared


def read_deployed(place: Place, name: str, template: Mapping[str, Any]) -> DeployedStack:
    """Read a stack through CloudFormation; raises NotDeployedError if it is not."""
    cloudformation = place.client("cloudformation")
    try:
        [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        raise NotDeployedError(f"Stack {name} is not deployed: {error}") from None
    if stack["StackStatus"] not in COMPLETE:
        status = stack["StackStatus"]
        raise NotDeployedError(f"Stack {name} is not deployed: its status is {status}")
    return read_described(place, stack, template)


def read_described(
    place: Place, stack: Mapping[str, Any], template: Mapping[str, Any]
) -> DeployedStack:
    """Read the rest of a stack that CloudFormation has described, whatever its status."""
    cloudformation, name = place.client("cloudformation"), stack["StackName"]
    resources = {
        resource["LogicalResourceId"]: (
            resource["ResourceType"],
            resource.get("PhysicalResourceId", ""),
        )
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        for resource in page["StackResourceSummaries"]
    }
    exports = [
        export
        for page in cloudformation.get_paginator("list_exports").paginate()
        for export in page["Exports"]
    ]
    return DeployedStack(
        name=name,
        stack_id=stack["StackId"],
        place=place,
        template=template,
        termination_protection=stack.get("EnableTerminationProtection", False),
        parameters=_parameters(stack),
        outputs={item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])},
        resources=resources,
        exports={export["Name"]: export["Value"] for export in exports},
        own_exports={
            export["Name"]: export["Value"]
            for export in exports
            if export["ExportingStackId"] == stack["StackId"]
        },
    )


def _parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters' values; AWS gives that behind an SSM name as ResolvedValue."""
    return {
        parameter["ParameterKey"]: parameter.get("ResolvedValue", parameter["ParameterValue"])
        for parameter in stack.get("Parameters", [])
    }
