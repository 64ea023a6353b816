"""The real templates of each environment, read once."""

from dataclasses import replace

import pytest

from policies.templates.assembly import read
from runbook.model.loader import known_environments
from tests.assembly import Assembly
from tests.policies.rules.harness import Real


@pytest.fixture(scope="session")
def reals(assembly: Assembly) -> dict[str, Real]:
    """Every environment's templates, by its name."""
    reading = read(assembly.directory)
    return {
        name: Real(
            name,
            replace(
                reading,
                templates=tuple(
                    t for t in reading.templates if t.label and "/".join(t.label) == name
                ),
            ),
        )
        for name in known_environments()
    }


@pytest.fixture(params=known_environments())
def real(request: pytest.FixtureRequest, reals: dict[str, Real]) -> Real:
    """Give one environment's templates; a test that asks for them runs for each."""
    return reals[request.param]


@pytest.fixture
def production(reals: dict[str, Real]) -> Real:
    """Give one environment's templates, where a test says word for word what a rule answers."""
    return reals["rovn/production"]
