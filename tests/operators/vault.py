"""Secrets Manager with versions and labels, a rotation that takes a while, and who read what."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.operators.past import Deployment, PastAws

Json = Any
CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
NO_OVERLAP = "NO_OVERLAP"
OLD_VALUE = "canary-of-the-old-value"


def first(name: str) -> str:
    """Name the version that a secret begins with; AWS wants 32 characters at least."""
    return f"{name}-{'1' * 32}"


@dataclass
class Dated(Deployment):
    """A deployment that began at a time of its own."""

    begun: datetime = datetime(2026, 6, 1, tzinfo=UTC)

    @property
    def created(self) -> datetime:
        return self.begun


@dataclass
class Vault:
    """One secret: when each version got its value, the values, the labels."""

    rotates: bool
    created: dict[str, datetime | None] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    stages: dict[str, list[str]] = field(default_factory=dict)
    last_rotated: datetime | None = None
    last_changed: datetime | None = None
    promoted: datetime | None = None
    # What a rotation still has to do; none is done when it hangs.
    steps: list[str] = field(default_factory=list)
    hangs_at: str = ""
    # Versions that were made while retired keys were not to be kept.
    without_overlap: list[str] = field(default_factory=list)

    def holder(self, stage: str) -> str:
        """Name the version with a label; empty when none has it."""
        return next((v for v, names in self.stages.items() if stage in names), "")

    def move(self, stage: str, to: str) -> None:
        """Put a label on a version, and off whichever has it."""
        for names in self.stages.values():
            if stage in names:
                names.remove(stage)
        if to:
            self.stages.setdefault(to, []).append(stage)
        self.stages = {version: names for version, names in self.stages.items() if names}


@dataclass
class VaultAws(PastAws):
    """Every secret of the file has a value of ten days; a new one restarts ``passport-api``.

    ``moment`` is AWS's time, which goes on by a second with each thing that happens.
    """

    vaults: dict[str, Vault] = field(default_factory=dict)
    moment: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=30))
    started: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    restarts: bool = True
    # Versions, and events, on a page.
    page: int = 10
    reads: list[Json] = field(default_factory=list)
    rotated: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.started = self.moment - timedelta(days=5)
        made = self.moment - timedelta(days=10)
        for name, secret in self.environment.secrets.items():
            machine = secret.mechanism != "operator_supplied"
            self.vaults[name] = Vault(
                machine,
                {first(name): made},
                {first(name): OLD_VALUE},
                {first(name): [CURRENT]},
                last_rotated=made if machine else None,
                last_changed=made,
            )

    def tick(self) -> datetime:
        """Let a second pass."""
        self.moment += timedelta(seconds=1)
        return self.moment

    def arn(self, name: str) -> str:
        """Write a secret's ARN, with its random end."""
        place = f"{self.environment.region}:{self.environment.account}"
        return f"arn:aws:secretsmanager:{place}:secret:{self.environment.name}/{name}-a1B2c3"

    def settle(self) -> None:
        """Let what was begun come to its end without anybody who watches."""
        for name in self.vaults:
            while self.vaults[name].steps:
                self._go_on_rotating(name)
        del self.past[0].steps[:-1]
        self._describe_service_deployments({"serviceDeploymentArns": []})

    def read_by(self, arn: str, name: str = "", *, code: str = "", **more: object) -> None:
        """Let somebody have read a secret; without ``name`` the event does not say which."""
        told = {
            "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": arn}}},
            "sourceIPAddress": "203.0.113.7",
            "requestParameters": {"secretId": name} if name else None,
            **({"errorCode": code} if code else {}),
            **more,
        }
        event = {"EventName": "GetSecretValue", "EventTime": self.tick(), "Username": "somebody"}
        self.reads.append(event | {"CloudTrailEvent": json.dumps(told)})

    # ---- answers

    def _vault(self, asked: Json) -> tuple[str, Vault]:
        name = asked["SecretId"].removeprefix(f"{self.environment.name}/")
        return name, self.vaults.get(name) or Vault(rotates=False)

    def _describe_secret(self, asked: Json) -> Json:
        name, vault = self._vault(asked)
        if name not in self.vaults:
            return "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
        self._go_on_rotating(name)
        dates = {"LastRotatedDate": vault.last_rotated, "LastChangedDate": vault.last_changed}
        return {
            "Name": f"{self.environment.name}/{name}",
            "ARN": self.arn(name),
            "RotationEnabled": vault.rotates,
            "VersionIdsToStages": {version: list(s) for version, s in vault.stages.items()},
            **{date: value for date, value in dates.items() if value},
        }

    def _list_secret_version_ids(self, asked: Json) -> Json:
        _, vault = self._vault(asked)
        every = asked.get("IncludeDeprecated", False)
        made = {v: c for v, c in vault.created.items() if c and (every or vault.stages.get(v))}
        # A page each, as of a secret with many versions.
        at, versions = int(asked.get("NextToken", "0")), list(made.items())
        page = [{"VersionId": v, "CreatedDate": c} for v, c in versions[at : at + self.page]]
        return {"Versions": page} | self._more(at, versions)

    def _more(self, at: int, found: Json) -> Json:
        return {"NextToken": str(at + self.page)} if len(found) > at + self.page else {}

    def _get_secret_value(self, asked: Json) -> Json:
        name, vault = self._vault(asked)
        if name not in self.vaults:
            return super()._get_secret_value(asked)
        if asked["VersionStage"] not in vault.stages.get(asked["VersionId"], []):
            return "ResourceNotFoundException", "no such version"
        return {"SecretString": vault.values[asked["VersionId"]]}

    def _rotate_secret(self, asked: Json) -> Json:
        name, vault = self._vault(asked)
        token, pending = asked["ClientRequestToken"], vault.holder(PENDING)
        if pending and pending != vault.holder(CURRENT):
            return "InvalidRequestException", "A previous rotation isn't complete."
        vault.move(PENDING, token)
        vault.created[token], vault.steps = None, ["RotateSecret", "createSecret", "finishSecret"]
        self.rotated.append(token)
        return {"ARN": self.arn(name), "VersionId": token}

    def _go_on_rotating(self, name: str) -> None:
        vault = self.vaults[name]
        if not vault.steps or vault.steps[0] == vault.hangs_at:
            return
        token, step = vault.holder(PENDING), vault.steps.pop(0)
        if step == "createSecret":
            vault.created[token], vault.values[token] = self.tick(), f"canary-{token}"
            if vault.holder(NO_OVERLAP):
                vault.without_overlap.append(token)
        elif step == "finishSecret":
            self._promote(vault, token)
            vault.last_rotated = vault.last_changed

    def _promote(self, vault: Vault, version: str) -> None:
        vault.move(PREVIOUS, vault.holder(CURRENT))
        vault.move(CURRENT, version)
        vault.last_changed = vault.promoted = self.tick()
        if self.restarts:
            self.begin_restart()

    def begin_restart(self) -> None:
        """Do what the state machine does after a rotation."""
        running, number = self.running_number, len(self.past) + 1
        steps = list(self.next_steps)
        self.past.insert(0, Dated(number, running, running, steps, begun=self.tick()))

    def _put_secret_value(self, asked: Json) -> Json:
        _, vault = self._vault(asked)
        token, value = asked["ClientRequestToken"], asked["SecretString"]
        assert asked["VersionStages"] == [PENDING]
        if token in vault.values:
            same = vault.values[token] == value
            return {} if same else ("ResourceExistsException", "another value")
        vault.created[token], vault.values[token] = self.tick(), value
        vault.last_changed = self.moment
        vault.move(PENDING, token)
        if not vault.holder(CURRENT):
            # By AWS itself: no call moves AWSCURRENT, so no rule hears of it and nothing restarts.
            vault.move(CURRENT, token)
        return {}

    def _update_secret_version_stage(self, asked: Json) -> Json:
        _, vault = self._vault(asked)
        stage, leaving = asked["VersionStage"], asked.get("RemoveFromVersionId", "")
        if vault.holder(stage) != leaving:
            return "InvalidParameterException", f"{stage} is not attached to it."
        if stage == CURRENT:
            self._promote(vault, asked["MoveToVersionId"])
        else:
            vault.move(stage, asked.get("MoveToVersionId", ""))
            vault.last_changed = self.tick()
        return {}

    def _lookup_events(self, asked: Json) -> Json:
        (name,) = [a["AttributeValue"] for a in asked["LookupAttributes"]]
        assert name in ("GetSecretValue", "BatchGetSecretValue"), asked
        begin, end = asked["StartTime"], asked["EndTime"]
        found = [e for e in self.reads if e["EventName"] == name and begin <= e["EventTime"] <= end]
        at = int(asked.get("NextToken", "0"))
        return {"Events": found[at : at + self.page]} | self._more(at, found)

    def _list_tasks(self, asked: Json) -> Json:
        assert asked["serviceName"] == self.environment.services[self.key].name
        if not self.running:
            return "ServiceNotFoundException", "Service not found."
        return {"taskArns": [f"arn:task/{n}" for n in range(self.tasks[0])]}

    def _describe_tasks(self, asked: Json) -> Json:
        task = {"lastStatus": "RUNNING", "createdAt": self.started}
        return {"tasks": [task for _ in asked["tasks"]]}

    def _describe_service_deployments(self, asked: Json) -> Json:
        told = super()._describe_service_deployments(asked)
        newest = self.past[0]
        if isinstance(newest, Dated) and newest.steps[0][0] == "SUCCESSFUL":
            self.started = newest.begun + timedelta(seconds=1)
        return told
