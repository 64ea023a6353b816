"""Where environment files lie and what they are called, for whoever must not wait for the model."""

from pathlib import Path

ENVIRONMENTS = Path(__file__).resolve().parents[2] / "environments"


def known_environments(root: Path = ENVIRONMENTS) -> list[str]:
    """List every environment that has a file, as ``organisation/environment``, sorted."""
    files = (file for file in root.glob("*/*.toml") if not file.name.startswith("."))
    return sorted(f"{file.parent.name}/{file.stem}" for file in files)
