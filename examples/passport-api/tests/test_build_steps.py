"""Each step of a build fails: nothing after it is done, and no image is handed on to a release."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.build_world import CLEAN, REGISTRY, REPOSITORY, Workshop, next_second
from tests.conftest import ROOT

COMMANDS = [
    command
    for phase in yaml.safe_load((ROOT / "buildspec.yml").read_text())["phases"].values()
    for command in phase["commands"]
]
PENDING = {"imageScanStatus": {"status": "PENDING"}}
SERIOUS = CLEAN | {"imageScanFindings": {"findingSeverityCounts": {"HIGH": 1, "LOW": 3}}}
THROTTLED, DENIED, BROKEN = (
    (400, "ThrottlingException"),
    (400, "AccessDeniedException"),
    (500, "ServerException"),
)
HUNG_UP = None


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path)
    with workshop.ecr():
        yield workshop


def test_a_build_in_which_nothing_fails_hands_on_what_it_pushed(workshop: Workshop) -> None:
    assert workshop.build()
    assert workshop.handed_on is not None
    tag, digest = workshop.handed_on["tag"], workshop.handed_on["digest"]
    assert workshop.pushed == {tag: digest}
    assert workshop.handed_on["repository"] == f"{REGISTRY}/{REPOSITORY}"


@pytest.mark.clause("ROVN-IMG-1")
@pytest.mark.parametrize("failing", range(len(COMMANDS)), ids=COMMANDS)
def test_the_first_command_that_fails_ends_the_build(workshop: Workshop, failing: int) -> None:
    """A lock file that drifted, a finding of a judge, a test that fails: no image is built."""
    assert not workshop.build(failing)
    last = len(COMMANDS) - 1
    done = [step for step in workshop.steps if step.startswith(("uv ", "python -m pip "))]
    assert len(done) == failing + 1
    assert any(step.startswith("docker ") for step in workshop.steps) is (failing == last)


STEPS = {
    "no tag": ("python -m delivery.image_tag", 0),
    "no password of the registry": ("aws ecr get-login-password", 0),
    "registry refuses the password": ("docker login*", 0),
    "image does not build": ("docker build*", 0),
    "push refused": ("docker push*", 0),
    "gate does not start": ("python -m delivery.scan_gate", 1),
}


@pytest.mark.parametrize(("failing", "pushed"), STEPS.values(), ids=STEPS)
def test_a_step_of_the_image_fails(workshop: Workshop, failing: str, pushed: int) -> None:
    assert workshop.image(FAILING=failing).returncode
    assert workshop.handed_on is None
    assert len(workshop.pushed) == pushed
    assert len([step for step in workshop.steps if "docker push" in step]) <= 1
    next_second()
    assert workshop.image().returncode == 0


SCANS: dict[str, tuple[list[Any], str]] = {
    "findings": ([SERIOUS], '"HIGH": 1'),
    "never done": ([PENDING], "was PENDING after 0 s"),
    "never begun": ([(400, "ScanNotFoundException")], "was PENDING after 0 s"),
    "failed": ([{"imageScanStatus": {"status": "FAILED"}}], "could not scan"),
    "denied": ([DENIED], "AccessDeniedException"),
    "throttled for good": ([THROTTLED], "ThrottlingException"),
    "broken for good": ([BROKEN], "ServerException"),
    "no answer for good": ([HUNG_UP], "Connection was closed"),
}


@pytest.mark.clause("ROVN-IMG-1")
@pytest.mark.parametrize(("answers", "said"), SCANS.values(), ids=SCANS)
def test_an_image_without_a_clean_scan_is_not_handed_on(
    workshop: Workshop, answers: list[Any], said: str
) -> None:
    workshop.answers = list(answers)
    ended = workshop.image()
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert workshop.handed_on is None
    workshop.answers = [CLEAN]
    next_second()
    assert workshop.image().returncode == 0
    assert len(workshop.pushed) == 2


@pytest.mark.parametrize("once", [THROTTLED, BROKEN, HUNG_UP], ids=["throttled", "broken", "lost"])
def test_what_passes_by_itself_is_asked_again(workshop: Workshop, once: object) -> None:
    workshop.answers = [once, CLEAN]
    assert workshop.image().returncode == 0
    assert workshop.handed_on is not None


@pytest.mark.clause("ROVN-DEP-2")
@pytest.mark.parametrize("after", ["lose", "kill"])
def test_a_push_of_which_nobody_heard_is_left_alone_and_built_anew(
    workshop: Workshop, after: str
) -> None:
    """Its answer is lost, or the build dies: the image stands there, unjudged and unreleased."""
    assert workshop.image(AFTER_PUSH=after).returncode
    assert workshop.handed_on is None
    ((lost, digest),) = workshop.pushed.items()
    next_second()
    assert workshop.image().returncode == 0
    assert workshop.handed_on is not None
    assert workshop.handed_on["tag"] != lost
    assert workshop.pushed[lost] == digest, "a tag names one image for good"


@pytest.mark.clause("ROVN-DEP-2")
def test_a_tag_that_is_taken_is_neither_moved_nor_handed_on(workshop: Workshop) -> None:
    """A second build of the same second, or the same build again: the registry refuses its push."""
    tag = "prod-20260527052609"
    assert workshop.image(TAG=tag, AFTER_PUSH="lose").returncode
    before = workshop.pushed
    again = workshop.image(TAG=tag)
    assert again.returncode
    assert "immutable" in again.stderr
    assert workshop.pushed == before
    assert workshop.handed_on is None
