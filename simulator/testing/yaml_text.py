"""YAML as text: every value as it is written, each with its line.

YAML would make 16 of the notation ``0x10`` and 90 of ``1:30``; here the reader decides.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

# What a plain scalar may look like to YAML; any other tag is one that the file asks for.
_SCALARS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
_NULL, _MAPPING = "tag:yaml.org,2002:null", "tag:yaml.org,2002:map"
_SEQUENCE = "tag:yaml.org,2002:seq"
# Aliases of aliases make billions of a few lines.
MOST_NODES = 200_000
# More than any file that is meant for somebody.
DEEPEST = 30
Path = tuple[str | int, ...]


class YamlTextError(ValueError):
    """It is no YAML that we take; ``line`` counts from 1."""

    def __init__(self, line: int, reason: str, fix: str) -> None:
        self.line, self.reason, self.fix = line, reason, fix
        super().__init__(f"line {line}: {reason}")


@dataclass(slots=True)
class YamlText:
    """What a file says (mappings, lists, texts, None), and the line of each path in it."""

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Find the line of a path, or of the nearest that it stands in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str) -> YamlText:
    """Read one document. Raises ``YamlTextError`` for syntax, tags, keys that stand twice."""
    try:
        node = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise YamlTextError(
            mark.line + 1 if mark else 1, f"it is not YAML: {said}", "correct the syntax there"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).partition("\n")[0] or type(error).__name__
        raise YamlTextError(1, f"it is not YAML: {first}", "save it as YAML in UTF-8") from None
    made = YamlText(None)
    if node is not None:
        made.data = _Walk(made.lines).value(node, ())
    return made


class _Walk:
    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines
        self._above: list[yaml.Node] = []
        self._nodes = 0

    def value(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 - YAML is any value
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            reason = f"more than {MOST_NODES:,} values, aliases counted each time"
            raise YamlTextError(line, reason, "write several files")
        if len(path) > DEEPEST:
            raise YamlTextError(line, "it is nested too deeply", "write it flat")
        if any(node is above for above in self._above):
            raise YamlTextError(line, "an alias stands within what it names", "write it out")
        self._above.append(node)
        try:
            return self._of(node, path, line)
        finally:
            self._above.pop()

    def _of(self, node: yaml.Node, path: Path, line: int) -> Any:  # noqa: ANN401 - likewise
        match node:
            case yaml.ScalarNode() if node.tag in _SCALARS:
                return None if node.tag == _NULL and not node.style else str(node.value)
            case yaml.SequenceNode() if node.tag == _SEQUENCE:
                return [self.value(item, (*path, at)) for at, item in enumerate(node.value)]
            case yaml.MappingNode() if node.tag == _MAPPING:
                return self._mapping(node, path)
        raise YamlTextError(line, f"the tag {node.tag!r} is not taken", "write plain YAML")

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlTextError(line, "a key is no text", "write `key: value`")
            name = str(key.value)
            if name in made:
                raise YamlTextError(line, f"the key {name!r} stands twice", "remove one of them")
            self._lines[(*path, name)] = line
            made[name] = self.value(item, (*path, name))
        return made
