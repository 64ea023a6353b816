"""What is delivered in the tests, and what its steps run."""

from pathlib import Path
from typing import Any

import yaml

from tests.assembly import ROOT, Assembly, plain

KEY = "passport-api"
EXAMPLE = ROOT / "examples" / KEY


def buildspec_of(project: Any) -> str:  # noqa: ANN401 - JSON is any value
    """Read what a project runs."""
    text: str = plain(project["Source"]["BuildSpec"])
    return text


def fetched(assembly: Assembly, project: Any) -> Path:  # noqa: ANN401 - JSON is any value
    """Find the library that a project fetches."""
    command = yaml.safe_load(buildspec_of(project))["phases"]["install"]["commands"][0]
    digest = command.split("/")[3].split(".zip")[0]
    (found,) = assembly.directory.glob(f"asset.{digest}*")
    return found
