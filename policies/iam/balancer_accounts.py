"""In which accounts AWS runs its load balancers, which write access logs from there."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def balancer_accounts() -> Mapping[str, str]:
    """Map a region to the account; regions that have a service principal instead are not there."""
    text = (files("policies.iam") / "balancer_accounts.toml").read_text(encoding="utf-8")
    accounts: dict[str, str] = tomllib.loads(text)["accounts"]
    return accounts
