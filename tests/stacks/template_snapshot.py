"""Snapshots of templates: one YAML file a stack, with nothing but asset hashes masked."""

import re
from typing import Any

import yaml
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.types import PropertyFilter, PropertyMatcher, SerializableData

# The CDK names a file asset by the SHA-256 of its content; image digests are not masked.
_ASSET_HASH = re.compile(r"\b[0-9a-f]{64}(?=\.(?:zip|json)\b)")


class _Dumper(yaml.SafeDumper):
    """Repeats what YAML would alias: a diff then shows the value where it stands."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class TemplateSnapshot(SingleFileSnapshotExtension):
    """Writes ``__snapshots__/<test module>/<test>[<stack name>].yaml``."""

    _write_mode = WriteMode.TEXT
    file_extension = "yaml"

    def serialize(
        self,
        data: SerializableData,
        *,
        exclude: PropertyFilter | None = None,
        include: PropertyFilter | None = None,
        matcher: PropertyMatcher | None = None,
    ) -> str:
        return _ASSET_HASH.sub("<asset>", as_yaml(data))


def as_yaml(template: Any) -> str:  # noqa: ANN401 - JSON is any value
    """Render a template so that people read it and a changed property is a changed line."""
    return yaml.dump(template, Dumper=_Dumper, sort_keys=True, width=100, allow_unicode=True)
