"""Which alarms a file of tests is run against; each environment and template is read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.templates.environments import definitions_of
from simulator.templates.reading import read_definitions
from simulator.testing.moved_tests import moved
from simulator.testing.running import Source
from simulator.testing.test_file import AlarmTests


@dataclass(slots=True)
class Sources:
    """Where alarms come from: ``templates`` or ``environment`` in place of what files name."""

    assembly: Path
    templates: tuple[Path, ...] = ()
    environment: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    _read: dict[str | tuple[Path, ...], Source] = field(default_factory=dict)

    def of(self, file: AlarmTests) -> Source:
        """Read the alarms that a file is about. Raises ``RefusedError`` where it names none."""
        tests = file.tests
        if self.templates:
            return self._of_templates(self.templates)
        if self.environment:
            return self.of_environment(self.environment)
        if tests.template:
            return self._of_templates(tuple(file.path.parent / path for path in tests.template))
        if tests.environment:
            return self.of_environment(tests.environment)
        raise RefusedError(str(file.path), [_UNSAID])

    def moved(self, file: AlarmTests) -> AlarmTests:
        """Read a file as one of the environment that is asked for, if one is."""
        return moved(file, self.environment) if self.environment else file

    def _of_templates(self, paths: Sequence[Path]) -> Source:
        key = tuple(paths)
        if key not in self._read:
            self._read[key] = Source(read_definitions(key, self.parameters))
        return self._read[key]

    def of_environment(self, name: str) -> Source:
        """Read the alarms of an environment. Raises ``RefusedError`` where it cannot be."""
        if name not in self._read:
            self._read[name] = Source(definitions_of(name, self.assembly), name)
        return self._read[name]


_UNSAID = Refusal(
    WHOLE_FILE,
    "nothing says which alarms are tested",
    "write `environment: organisation/environment` or `template: [FILE]`, or give --template",
)
