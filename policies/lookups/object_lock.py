"""Whether a bucket keeps its records under lock, and for how long."""

from collections.abc import Iterator

from policies.templates.scope import Resource
from policies.templates.values import whole_number
from runbook.model.retention import Retention


def lock_faults(bucket: Resource, wanted: Retention) -> Iterator[str]:
    """Tell where a bucket's lock is weaker than COMPLIANCE mode for as long as wanted."""
    if bucket.at("ObjectLockEnabled") is not True:
        yield "ObjectLockEnabled is not true: objects can be deleted"
    rule = "ObjectLockConfiguration.Rule.DefaultRetention"
    mode = bucket.at(f"{rule}.Mode")
    if mode != "COMPLIANCE":
        yield f"the lock's mode is {mode}, not COMPLIANCE: a privileged user can lift it"
    years, days = (whole_number(bucket.at(f"{rule}.{unit}")) for unit in ("Years", "Days"))
    if (years is None) == (days is None):
        yield "the lock has no default retention in years or days, exactly one of the two"
        return
    kept = Retention(retention_years=years, retention_days=days)
    if not kept.at_least(wanted):
        yield f"records are kept {kept}, not {wanted}"
