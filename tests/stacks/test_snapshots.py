"""Drift: what a change to the code changes in the templates is seen in review."""

import copy
import difflib

from syrupy.assertion import SnapshotAssertion

from runbook.model.loader import known_environments
from tests.assembly import Assembly
from tests.stacks.template_snapshot import TemplateSnapshot, as_yaml


def test_template(assembly: Assembly, snapshot: SnapshotAssertion) -> None:
    for stack, template in assembly.templates.items():
        assert template == snapshot(name=stack, extension_class=TemplateSnapshot)


def test_every_environment_has_all_its_stacks(assembly: Assembly) -> None:
    expected = {
        f"{name.replace('/', '-')}-{part}"
        for name in known_environments()
        for part in (
            *("bootstrap", "execution", "access", "network", "audit", "secrets", "backup-copy"),
            *("data", "rotation", "registry", "delivery", "platform", "release-gate", "records"),
            *("secret-watch", "secret-readers", "identity-events", "passport-api"),
            *("edge-key", "alerts", "edge-alerts", "slack", "event-watch", "costs", "alarms"),
            *("canary", "probes", "paging", "dashboards"),
        )
    }
    assert set(assembly.templates) == expected


def test_one_changed_property_is_one_changed_line(assembly: Assembly) -> None:
    before = assembly.template("rovn-production-audit")
    after = copy.deepcopy(before)
    bucket = next(key for key in after["Resources"] if key.startswith("AuditRecords"))
    lock = after["Resources"][bucket]["Properties"]["ObjectLockConfiguration"]
    lock["Rule"]["DefaultRetention"]["Years"] = 6
    diff = difflib.unified_diff(as_yaml(before).splitlines(), as_yaml(after).splitlines(), n=0)
    changed = [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert [line.strip("+- ") for line in changed] == ["Years: 7", "Years: 6"]
