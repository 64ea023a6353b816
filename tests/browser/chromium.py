"""Where a Chromium for tests is: `make browser` brings one, and CI must have it."""

import os
import platform
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.assembly import ROOT

NAMED, NEEDED = "RUNBOOK_CHROMIUM", "RUNBOOK_NEEDS_BROWSER"
_INSTALLED = ROOT / "tests" / "browser" / "node_modules"
_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Root has no sandbox to give away; the rest keeps the browser from asking for anything itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser's executable, and the variables of the environment that it needs."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def chromium(playwright: Playwright) -> Chromium:
    """Find a Chromium; skip the test where there is none, or fail it where one is needed."""
    found = _named() or _installed() or _on_path() or _of_playwright(playwright)
    if found is not None:
        return found
    missing = f"no Chromium is found: run `make browser`, or set {NAMED} to its executable"
    if os.environ.get(NEEDED):
        pytest.fail(f"{missing} ({NEEDED} is set)", pytrace=False)
    pytest.skip(missing)


def _named() -> Chromium | None:
    """Take the one that is named, and no other: one that is not there is a mistake."""
    named = os.environ.get(NAMED)
    if not named:
        return None
    if not Path(named).is_file():
        pytest.fail(f"{NAMED} names {named}, which is no file", pytrace=False)
    return Chromium(Path(named))


def _installed() -> Chromium | None:
    """Take what `make browser` unpacked, with the libraries and fonts that came along."""
    place = _INSTALLED / ".chromium"
    runs_here = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    if not runs_here or not (_INSTALLED / ".ready").is_file():
        return None
    libraries = os.pathsep.join(
        filter(None, [str(place / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH", "")])
    )
    settings = {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(place / "fonts.conf")}
    return Chromium(place / "chromium", settings)


def _on_path() -> Chromium | None:
    found = next(filter(None, map(shutil.which, _COMMANDS)), None)
    return Chromium(Path(found)) if found else None


def _of_playwright(playwright: Playwright) -> Chromium | None:
    path = Path(playwright.chromium.executable_path)
    return Chromium(path) if path.is_file() else None
