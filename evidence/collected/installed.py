"""In which versions what judged is installed: distributions' own metadata, no command asked."""

from importlib.metadata import PackageNotFoundError, distributions, version

from policies.judge_runs import CHECKOV_COMMAND

UNKNOWN = "unknown"


def version_of(name: str) -> str:
    """Tell the version of a package; ``UNKNOWN`` where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return UNKNOWN


def checkov_version() -> str:
    """Tell checkov's, which has a virtual environment of its own."""
    places = [str(path) for path in CHECKOV_COMMAND.parent.parent.glob("lib/python*/site-packages")]
    found = distributions(name="checkov", path=places)
    return next((each.version for each in found), UNKNOWN)
