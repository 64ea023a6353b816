"""A browser that is needed and not there is a failure; otherwise its tests are skipped."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Playwright

from tests.browser import chromium as module
from tests.browser.chromium import NAMED, NEEDED, chromium


@pytest.fixture
def playwright(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Playwright:
    """Give a Playwright without a browser, on a machine without one."""
    monkeypatch.setattr(module, "_INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(NAMED, raising=False)
    monkeypatch.delenv(NEEDED, raising=False)
    own = SimpleNamespace(chromium=SimpleNamespace(executable_path=str(tmp_path / "own")))
    return cast("Playwright", own)


def test_without_a_browser_the_test_is_skipped_and_says_what_brings_one(
    playwright: Playwright,
) -> None:
    with pytest.raises(pytest.skip.Exception, match="make browser"):
        chromium(playwright)


def test_where_one_is_needed_it_fails(
    playwright: Playwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NEEDED, "1")
    with pytest.raises(pytest.fail.Exception, match="no Chromium is found"):
        chromium(playwright)


def test_one_that_is_named_and_not_there_is_a_mistake(
    playwright: Playwright, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(NAMED, str(tmp_path / "gone"))
    with pytest.raises(pytest.fail.Exception, match="which is no file"):
        chromium(playwright)


def test_one_on_the_path_and_playwrights_own_are_found(
    playwright: Playwright, tmp_path: Path
) -> None:
    (tmp_path / "own").touch()
    assert chromium(playwright).path == tmp_path / "own"
    (tmp_path / "google-chrome").touch(mode=0o755)
    assert chromium(playwright).path == tmp_path / "google-chrome"
