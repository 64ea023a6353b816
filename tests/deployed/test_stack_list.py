"""The list of stacks says what ``stacks/`` makes, wherever an environment is."""

import pytest

from runbook.deployed.stack_list import stack_list
from runbook.model.environment import IDENTITY_REGION
from runbook.model.loader import known_environments, load_environment
from tests.assembly import Assembly


@pytest.mark.parametrize("name", known_environments())
def test_it_is_every_stack_of_the_assembly_in_its_region(assembly: Assembly, name: str) -> None:
    environment = load_environment(name)
    made = {
        stack: place.rpartition("/")[2]
        for stack, place in assembly.environments.items()
        if stack.startswith(f"{environment.slug}-")
    }
    assert dict(stack_list(environment)) == made


def test_in_iams_own_region_nothing_is_handed_on(request: pytest.FixtureRequest) -> None:
    at_home = load_environment("rovn/production", region=IDENTITY_REGION)
    listed = stack_list(at_home)
    assert not {name for name in listed if name.endswith(("edge-key", "edge-alerts", "-events"))}
    assert listed["rovn-production-probes"] == IDENTITY_REGION
