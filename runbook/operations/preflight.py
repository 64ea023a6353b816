"""Before a release: the image serves in staging, a snapshot is there, nothing rings (SCR-DEP-1).

Where the environment file asks for it. What is known to be wrong holds the release; what nobody
can know from here is a change that somebody has to agree to.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from runbook.alarms.catalogue import names_of_parts
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.preflight import Preflight as Settings
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account, words
from runbook.operations.preview import Change
from runbook.operations.services import EcsService

_AVAILABLE = "available"
_SUCCESSFUL = "SUCCESSFUL"
_KINDS = ("MetricAlarms", "CompositeAlarms")


@dataclass
class Checked:
    """What was found: what holds the release, what nobody can tell, what is as it should be."""

    holds: list[Refusal] = field(default_factory=list)
    unknown: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def not_known(self, what: str, why: str) -> None:
        """Keep what has to be agreed to."""
        self.unknown.append(Change(what, "", f"not known: {why}", expected=False))


class Preflight:
    """The checks of one release; reads only. ``staging_profile`` leads to staging's account."""

    def __init__(
        self,
        account: Account,
        key: str,
        tag: str,
        *,
        staging_profile: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account, self._key, self._tag = account, key, tag
        self._profile, self._now = staging_profile, now
        self._environment = account.environment

    def check(self) -> Checked:
        """Look at all three; nothing where the file asks for nothing.

        Raises ``RefusedError`` when the profile for staging is of another account.
        """
        settings, found = self._environment.preflight, Checked()
        if settings is None:
            return found
        for what, check in (
            ("staging", self._check_staging),
            ("snapshot", self._check_snapshot),
            ("incident", self._check_incident),
        ):
            try:
                check(settings, found)
            except (ClientError, BotoCoreError) as error:
                found.not_known(what, words(error))
        return found

    # ---- staging before production

    def _check_staging(self, settings: Settings, found: Checked) -> None:
        name = f"{self._environment.organisation}/{settings.staging}"
        try:
            staging = load_environment(name)
        except RefusedError:
            # The pipeline's library brings the environment's own file alone.
            found.not_known("staging", f"the file of {name} is not here")
            return
        if self._key not in staging.services:
            fix = f"add it to environments/{name}.toml, and release it there"
            found.holds.append(Refusal("staging", f"{name} has no service {self._key}", fix))
        elif staging.account != self._environment.account and not self._profile:
            why = f"{name} is in the account {staging.account}; --staging-profile shows it"
            found.not_known("staging", why)
        else:
            self._compare(staging, found)

    def _compare(self, staging: Environment, found: Checked) -> None:
        there = Account(staging, profile=self._profile)
        there.identity()
        wrong = list(self._wrong_in(there))
        if not wrong:
            found.notes.append(f"{self._tag} serves in {staging.name}, and is the same image")
            return
        fix = f"runbook release deploy {staging.name} --service {self._key} --image-tag {self._tag}"
        found.holds += [Refusal("staging", f"{staging.name}: {why}", fix) for why in wrong]

    def _wrong_in(self, there: Account) -> Iterator[str]:
        """Say why nobody can tell from staging that the image is good."""
        service = EcsService(there, self._key)
        running, deployment = service.running(), service.last_deployment() or {}
        if running is None or running.tag != self._tag:
            now = running.tag if running else ""
            yield f"{now or 'another image'} serves there, not {self._tag}"
            return
        if running.running < max(1, running.desired):
            yield f"{running.running} of {running.desired} tasks run there"
        if deployment.get("status") != _SUCCESSFUL:
            yield f"its deployment there is {deployment.get('status', 'not known to ECS')}"
        ours = _digest(self._account, EcsService(self._account, self._key).name, self._tag)
        theirs = _digest(there, service.name, self._tag)
        if not ours or ours != theirs:
            yield (
                f"{self._tag} is another image there: {theirs or 'without a digest'}, "
                f"here {ours or 'without a digest'}"
            )

    # ---- a snapshot

    def _check_snapshot(self, settings: Settings, found: Checked) -> None:
        instance = f"{self._environment.slug}-postgres"
        pages = self._account.client("rds").get_paginator("describe_db_snapshots")
        taken = [
            (each["SnapshotCreateTime"], str(each["DBSnapshotIdentifier"]))
            for page in pages.paginate(DBInstanceIdentifier=instance)
            for each in page["DBSnapshots"]
            if each.get("Status") == _AVAILABLE and each.get("SnapshotCreateTime")
        ]
        moment, newest = max(taken, default=(None, ""))
        if moment and self._now() - moment <= timedelta(hours=settings.snapshot_hours):
            found.notes.append(f"snapshot {newest} is of {moment:%Y-%m-%d %H:%M} UTC")
        elif self._environment.services[self._key].gate:
            found.notes.append("snapshot: the gate takes one before it migrates")
        else:
            why = f"{newest} of {moment:%Y-%m-%d %H:%M} UTC is the newest" if moment else "none"
            name = f"{instance}-before-{self._now():%Y%m%d-%H%M%S}"
            fix = (
                f"aws rds create-db-snapshot --db-instance-identifier {instance} "
                f"--db-snapshot-identifier {name}, then "
                f"aws rds wait db-snapshot-available --db-snapshot-identifier {name}"
            )
            asked = f"a snapshot of {instance} not older than {settings.snapshot_hours} hours"
            found.holds.append(Refusal("snapshot", f"{asked} is wanted: {why}", fix))

    # ---- no incident

    def _check_incident(self, settings: Settings, found: Checked) -> None:
        """Let no alarm of the environment ring, whatever its severity; a freeze holds by itself."""
        del settings
        rings = sorted({name for region in self._environment.regions for name in self._in(region)})
        if rings:
            why = f"{', '.join(rings)} {'rings' if len(rings) == 1 else 'ring'}"
            fix = "see to that first; a rollback is not bound by it"
            found.holds.append(Refusal("incident", why, fix))
        else:
            found.notes.append("no alarm rings")

    def _in(self, region: str) -> Iterator[str]:
        """Name the alarms that ring in one region; a part of a composite is none."""
        parts = names_of_parts(self._environment)
        pages = self._account.client("cloudwatch", region).get_paginator("describe_alarms")
        asked = pages.paginate(
            AlarmNamePrefix=f"{self._environment.slug}-",
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            StateValue="ALARM",
        )
        for page in asked:
            for kind in _KINDS:
                names = [str(alarm["AlarmName"]) for alarm in page.get(kind, [])]
                yield from (name for name in names if name not in parts)


def _digest(account: Account, repository: str, tag: str) -> str:
    """Tell which image a tag names; nothing when ECR does not say."""
    told = account.client("ecr").describe_images(
        repositoryName=repository, imageIds=[{"imageTag": tag}]
    )
    return next((str(each.get("imageDigest", "")) for each in told["imageDetails"]), "")
