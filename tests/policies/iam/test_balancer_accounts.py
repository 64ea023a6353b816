"""The accounts that write load balancers' logs are those that the CDK's own table has."""

import json
import os
import subprocess
import sys

from policies.iam.balancer_accounts import balancer_accounts
from tests.assembly import ROOT

ASK = """
import json
from stacks.jsii_runtime import use_pinned_node
use_pinned_node()
from aws_cdk.region_info import RegionInfo
print(json.dumps({r.name: r.elbv2_account for r in RegionInfo.regions if r.elbv2_account}))
"""


def test_each_account_is_the_cdks() -> None:
    run = subprocess.run(
        [sys.executable, "-c", ASK],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    known = json.loads(run.stdout.splitlines()[-1])
    standard = {r: a for r, a in known.items() if not r.startswith(("cn-", "us-gov-", "us-iso"))}
    assert dict(balancer_accounts()) == standard
