"""Whatever releases, failures and rollbacks follow each other, what serves can read the schema.

The gate believes what a migration declares. So the declarations here are true, of the image that
their author could know: the newest that had all that was applied when they were written.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from runbook_constructs.release_gate.handler.faults import Refused
from runbook_constructs.release_gate.handler.ledger import decided
from tests.constructs.release_gate.fakes import migrations
from tests.constructs.release_gate.world import Migration, World

Ends = Literal["serves", "held by a freeze", "stopped in the migration", "rejected by the probe"]
ENDS: tuple[Ends, ...] = (
    "serves",
    "held by a freeze",
    "stopped in the migration",
    "rejected by the probe",
)
SECONDS = 1800


@dataclass
class Life:
    """A service from its first release on."""

    world: World = field(default_factory=World)
    serving: str = ""
    needs: dict[str, int] = field(default_factory=dict)
    """How many files an image must have to read the result of each file."""
    refused: list[str] = field(default_factory=list)

    def build(self, new: int, *, readable: bool) -> str:
        """Build an image of all that is applied and so many files more, declared together."""
        applied = [entry["file"] for entry in self.world.ledger]
        tag = f"image-{len(self.world.files):02}"
        files = [Migration(file) for file in applied]
        for number in range(len(applied) + 1, len(applied) + new + 1):
            # What is declared unreadable truly needs the image that brings it.
            file = Migration(f"{number:04}_of_{tag}.sql", readable=readable)
            self.needs[file.file] = len(applied) if readable else len(applied) + new
            files.append(file)
        self.world.files[tag] = files
        return tag

    def release(self, tag: str, ends: Ends) -> None:
        """Release an image, or go back to one: it is a rollback when it is older."""
        if ends == "held by a freeze":
            return
        back = bool(self.serving) and tag < self.serving
        kind = "rollback" if back else "release" if self.serving else "first release"
        kind = "same image" if tag == self.serving else kind
        order: dict[str, Any] = {
            "kind": kind,
            "image": tag,
            "previous_image": self.serving,
            "may_migrate": not back,
            "may_not_because": "a rollback runs no migration",
        }
        report = self._asked(tag)
        if report is None:
            return
        try:
            decision = decided(report, order, SECONDS)
        except Refused as reason:
            self.refused.append(str(reason))
            return
        if decision.what == "migrate" and not self._migrated(tag, ends):
            return
        if ends == "serves":
            self.serving = tag

    def _asked(self, tag: str) -> dict[str, Any] | None:
        """Ask what is pending; None where the runner itself refuses: the files do not fit."""
        own = [migration.file for migration in self.world.files[tag]]
        applied = [entry["file"] for entry in self.world.ledger]
        common = min(len(own), len(applied))
        if own[:common] != applied[:common]:
            return None
        return migrations(self.world, tag, "pending", self.serving)[1]

    def _migrated(self, tag: str, ends: Ends) -> bool:
        last = self.world.files[tag][-1]
        last.breaks = ends == "stopped in the migration"
        code, _ = migrations(self.world, tag, "apply", self.serving)
        last.breaks = False
        self.demand_readable()
        return code == 0

    def demand_readable(self) -> None:
        """Hold that the image that serves can read all that was applied."""
        if self.serving:
            has = {migration.file for migration in self.world.files[self.serving]}
            for entry in self.world.ledger:
                readable = entry["file"] in has or self.needs[entry["file"]] <= len(has)
                assert readable, f"{self.serving} cannot read {entry['file']}"


BUILDS = st.tuples(st.integers(0, 2), st.integers(0, 3).map(bool))
ACTIONS = st.lists(st.tuples(st.none() | BUILDS, st.integers(0, 4), st.sampled_from(ENDS)))


def lived(actions: list[tuple[tuple[int, bool] | None, int, Ends]]) -> Life:
    """Build a new image, or take one of the last five again, and release it; over and over."""
    life = Life()
    life.release(life.build(1, readable=True), "serves")
    for build, ago, ends in actions:
        if build is None:
            tags = list(life.world.files)
            tag = tags[max(0, len(tags) - 1 - ago)]
        else:
            tag = life.build(build[0], readable=build[1])
        life.release(tag, ends)
        life.demand_readable()
    return life


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.clause("ROVN-RB-3")
@settings(max_examples=400)
@given(ACTIONS)
def test_what_serves_can_always_read_the_schema(
    actions: list[tuple[tuple[int, bool] | None, int, Ends]],
) -> None:
    life = lived(actions)
    event(f"{len(life.refused)} refused")
    event(f"{len(life.world.ledger)} applied")


@pytest.mark.clause("ROVN-MIG-1")
@given(ACTIONS)
def test_there_is_always_a_way_forward(
    actions: list[tuple[tuple[int, bool] | None, int, Ends]],
) -> None:
    """An image of all that is applied comes first, and then one with another migration."""
    life = lived(actions)
    for new in (0, 1):
        tag = life.build(new, readable=True)
        life.release(tag, "serves")
        assert life.serving == tag


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.parametrize("ends", ["rejected by the probe", "serves"])
def test_the_way_that_broke_the_image_that_serves_is_refused(ends: Ends) -> None:
    """The sequence that the rule is for, so that no test above is true for want of it."""
    life = lived([((1, True), 0, ends)])
    if ends == "serves":
        life.release("image-00", "serves")
    assert life.serving == "image-00"
    life.release(life.build(1, readable=True), "serves")
    assert "does not have 0002_of_image-01.sql (applied for image-01)" in life.refused[-1]
    assert life.serving == "image-00"
