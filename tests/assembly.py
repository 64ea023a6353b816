"""A synthesized cloud assembly, as tests read it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

Template = dict[str, Any]
Resource = dict[str, Any]


class Assembly:
    """The templates that the manifests of a cloud assembly list, nested stages included."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.templates: dict[str, Template] = {}
        # Where each stack goes, as aws://account/region.
        self.environments: dict[str, str] = {}
        self._read(directory)

    def template(self, stack: str) -> Template:
        """Get the template of the stack of this name."""
        return self.templates[stack]

    def of_type(self, stack: str, resource_type: str) -> dict[str, Resource]:
        """Get a stack's resources of one type by logical id; at least one, or the test is void."""
        found = {
            logical_id: resource
            for logical_id, resource in self.template(stack)["Resources"].items()
            if resource["Type"] == resource_type
        }
        assert found, f"{stack} has no {resource_type}"
        return found

    def named(self, stack: str, resource_type: str, prefix: str) -> Resource:
        """Get the only resource of a type whose logical id is the construct's and a hash."""
        found = [
            resource
            for logical_id, resource in self.of_type(stack, resource_type).items()
            if logical_id[:-8] == prefix
        ]
        assert len(found) == 1, f"{stack} has {len(found)} {resource_type} {prefix}"
        return found[0]

    def manifests(self) -> Iterator[dict[str, Any]]:
        """Read every manifest of the assembly."""
        for path in sorted(self.directory.rglob("manifest.json")):
            yield json.loads(path.read_text("utf-8"))

    def _read(self, directory: Path) -> None:
        manifest = json.loads((directory / "manifest.json").read_text("utf-8"))
        for artifact in manifest["artifacts"].values():
            properties = artifact.get("properties", {})
            if artifact["type"] == "aws:cloudformation:stack":
                template = (directory / properties["templateFile"]).read_text("utf-8")
                self.templates[properties["stackName"]] = json.loads(template)
                self.environments[properties["stackName"]] = artifact["environment"]
            elif artifact["type"] == "cdk:cloud-assembly":
                self._read(directory / properties["directoryName"])


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Write references as text: ``<AuditRecords.Arn>/*`` for a Join over a GetAtt."""
    match value:
        case {"Fn::GetAtt": [logical_id, attribute]}:
            return f"<{logical_id[:-8]}.{attribute}>"
        case {"Ref": name}:
            return f"<{name if name.startswith('AWS::') else name[:-8]}>"
        case {"Fn::ImportValue": str(export)}:
            return f"<{export}>"
        case {"Fn::Join": [separator, parts]}:
            return separator.join(plain(part) for part in parts)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value
