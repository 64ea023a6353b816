"""What the image that serves does not have, after every way a release can end (ROVN-MIG-1)."""

import pytest

from tests.migrations.conftest import Folder, Runner

pytestmark = pytest.mark.clause("ROVN-MIG-1")
SECOND, THIRD = "0002_table.sql", "0003_table.sql"


class Service:
    """Images by their number of files, and the one that serves."""

    def __init__(self, runner: Runner, folder: Folder) -> None:
        self._runner, self._folder = runner, folder
        self.serving = ""

    def beside(self, image: str, files: int) -> list[tuple[str, str, str]]:
        """Ask as the gate does; returns file, image and previous image of each entry."""
        self._lay_out(files)
        asked = self._runner("--pending", APP_VERSION=image, PREVIOUS_IMAGE=self.serving)
        assert asked.code == 0
        assert all(entry["previous_image_can_read"] is True for entry in asked.line["beside"])
        return [(e["file"], e["image"], e["previous_image"]) for e in asked.line["beside"]]

    def migrate(self, image: str, files: int) -> None:
        """Migrate for an image that then fails its probe, or is not asked further."""
        self._lay_out(files)
        assert self._runner(APP_VERSION=image, PREVIOUS_IMAGE=self.serving).code == 0

    def release(self, image: str, files: int) -> None:
        """Migrate for an image, and let it serve."""
        self.migrate(image, files)
        self.serving = image

    def _lay_out(self, files: int) -> None:
        for path in self._folder.path.iterdir():
            path.unlink()
        self._folder.add_many(files)


@pytest.fixture
def service(runner: Runner, folder: Folder) -> Service:
    """Have a service that never had a release."""
    return Service(runner, folder)


def test_a_first_release_has_nobody_beside_it_however_often_it_is_tried(service: Service) -> None:
    assert service.beside("a", 1) == []
    service.migrate("a", 1)
    assert service.beside("a", 1) == []
    assert service.beside("b", 2) == []


def test_a_release_that_served_leaves_nothing_beside(service: Service) -> None:
    service.release("a", 1)
    assert service.beside("b", 2) == []
    service.release("b", 2)
    assert service.beside("c", 3) == []


def test_what_was_migrated_for_a_release_that_failed_is_beside_for_everybody(
    service: Service,
) -> None:
    service.release("a", 1)
    service.migrate("b", 2)
    left = [(SECOND, "b", "a")]
    assert service.beside("a", 1) == left
    assert service.beside("b", 2) == left
    assert service.beside("c", 3) == left


def test_of_two_releases_that_failed_both_are_beside(service: Service) -> None:
    service.release("a", 1)
    service.migrate("b", 2)
    service.migrate("c", 3)
    assert service.beside("c", 3) == [(SECOND, "b", "a"), (THIRD, "c", "a")]


def test_the_same_image_tried_again_with_success_clears_it(service: Service) -> None:
    service.release("a", 1)
    service.migrate("b", 2)
    service.release("b", 2)
    assert service.beside("c", 3) == []


def test_another_image_with_these_files_clears_it(service: Service) -> None:
    service.release("a", 1)
    service.migrate("b", 2)
    service.release("b2", 2)
    assert service.beside("c", 3) == []


def test_after_a_rollback_the_older_image_lacks_it_again(service: Service) -> None:
    service.release("a", 1)
    service.release("b", 2)
    service.serving = "a"
    assert service.beside("c", 3) == [(SECOND, "b", "a")]
    # And no longer when the newer one is back.
    service.serving = "b"
    assert service.beside("c", 3) == []


def test_after_two_releases_a_rollback_leaves_beside_what_the_last_one_brought(
    service: Service,
) -> None:
    service.release("a", 1)
    service.release("b", 2)
    service.release("c", 3)
    service.serving = "b"
    assert service.beside("d", 4) == [(THIRD, "c", "b")]


def test_an_image_that_brought_no_file_lacks_none(service: Service) -> None:
    service.release("a", 1)
    service.release("b", 2)
    service.release("b2", 2)
    assert service.beside("c", 3) == []
    service.serving = "b"
    assert service.beside("c", 3) == []
