"""A service that runs, and somebody who operates it."""

import pytest

from runbook.model.loader import load_environment
from tests.operations.aws import Aws


@pytest.fixture
def aws() -> Aws:
    return Aws(load_environment("rovn/production"))
