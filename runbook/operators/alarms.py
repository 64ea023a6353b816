"""The states of alarms, a page at a time: CloudWatch tells fifty at once."""

from typing import Any

from runbook.alarms.catalogue import names_of_parts
from runbook.operations.account import Account

_KINDS = ("MetricAlarm", "CompositeAlarm")


def alarm_states(account: Account, **which: Any) -> dict[str, str]:  # noqa: ANN401 - as DescribeAlarms takes it
    """Map alarms to their states; ``which`` is ``AlarmNames`` or ``AlarmNamePrefix``.

    Parts of composites that nobody named are left out: that a canary has run at all rings on every
    good day.
    """
    parts = names_of_parts(account.environment) - set(which.get("AlarmNames", []))
    pages = account.client("cloudwatch").get_paginator("describe_alarms")
    return {
        alarm["AlarmName"]: str(alarm["StateValue"])
        for page in pages.paginate(AlarmTypes=list(_KINDS), **which)
        for kind in _KINDS
        for alarm in page.get(f"{kind}s", [])
        if alarm["AlarmName"] not in parts
    }
