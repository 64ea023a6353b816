"""What the policies say that AWS itself writes, as far as somebody has looked."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def aws_managed_policies() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Map the ARN of each policy on the list to its statements."""
    text = (files("policies.iam") / "aws_managed_policies.toml").read_text(encoding="utf-8")
    return {policy["arn"]: policy["statement"] for policy in tomllib.loads(text)["policy"]}
