"""A preflight in an environment file: what it takes, what is refused, what a clause may demand."""

import tomllib
from pathlib import Path

import pytest
import tomli_w

from runbook.clauses import Demand
from runbook.model.loader import ENVIRONMENTS, load_environment
from runbook.model.preflight import Preflight
from runbook.model.refusal import RefusedError
from runbook.model.selection import all_environments
from tests.model.spoiling import Refuse, demand_told

ASKS = {"staging": "staging", "snapshot_hours": 24}


@pytest.mark.parametrize(
    ("value", "key", "reason", "fix"),
    [
        (ASKS | {"staging": "production"}, "preflight.staging", "is this environment", "another"),
        (ASKS | {"staging": "Rovn/Staging"}, "preflight.staging", "pattern", "schema"),
        ({"staging": "staging"}, "preflight.snapshot_hours", "missing", "add preflight."),
        (ASKS | {"snapshot_hours": 0}, "preflight.snapshot_hours", "not 0", "write 1 or more"),
        (ASKS | {"alarms": True}, "preflight.alarms", "unknown", "snapshot_hours, staging"),
    ],
)
def test_what_cannot_be_is_refused(
    refuse: Refuse, value: object, key: str, reason: str, fix: str
) -> None:
    demand_told(refuse("preflight", value), key, reason, fix)


def files(root: Path, **preflight: object) -> Path:
    """Write both environments of an organisation; production asks for a preflight."""
    (root / "environments/rovn").mkdir(parents=True)
    for name in ("production", "staging"):
        data = tomllib.loads((ENVIRONMENTS / f"rovn/{name}.toml").read_text("utf-8"))
        if name == "production":
            data["preflight"] = preflight
        (root / f"environments/rovn/{name}.toml").write_text(tomli_w.dumps(data), "utf-8")
    return root / "environments"


def test_it_names_an_environment_that_is_there(tmp_path: Path) -> None:
    loaded = all_environments(files(tmp_path, **ASKS))
    assert loaded[0].preflight == Preflight(staging="staging", snapshot_hours=24)


def test_one_that_has_no_file_is_refused(tmp_path: Path) -> None:
    root = files(tmp_path, **ASKS | {"staging": "rehearsal"})
    with pytest.raises(RefusedError) as refused:
        all_environments(root)
    message = str(refused.value)
    demand_told(message, "preflight.staging", "rovn/rehearsal has no file", "rovn/staging")


@pytest.mark.clause("SCR-DEP-1")
def test_a_clause_can_demand_it(tmp_path: Path) -> None:
    demand = Demand(key="preflight.staging", environments=("production",), exactly="staging")
    without = load_environment("rovn/production")
    [refusal] = demand.refusals("SCR-DEP-1", without)
    assert refusal.reason == "its absence breaks SCR-DEP-1, which demands exactly staging here"
    asking = load_environment("rovn/production", root=files(tmp_path, **ASKS))
    assert not list(demand.refusals("SCR-DEP-1", asking))
