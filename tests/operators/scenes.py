"""What the operators' commands find, and what is so once they went well."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runbook.model.loader import load_environment
from runbook.model.sentry import SentryProject
from tests.operations.aws import Aws
from tests.operations.revisions import NEW, OLD
from tests.operators.ledger import LedgerAws
from tests.operators.past import FORWARD, PastAws
from tests.operators.vault import CURRENT, NO_OVERLAP, VaultAws, first
from tests.operators.verified import ASSEMBLY, VerifiedAws

KEY, TOKEN = "passport-api", "canary-sentry-token"
FROZEN = '{"frozen": true, "by": "somebody", "reason": "incident", "since": "then"}'
RECORD = f"releases/{datetime.now(UTC):%Y/%m/%d}/20260601T000000Z-release-end-1.json"


def watched() -> Any:  # noqa: ANN401 - an environment of the tests' own
    """Let Sentry count the errors of the service."""
    environment = load_environment("rovn/production")
    project = SentryProject(organisation="rovn", project="api", token_secret="sentry-token")  # noqa: S106
    service = environment.services[KEY].model_copy(update={"sentry": project})
    return environment.model_copy(update={"services": {KEY: service}})


ENVIRONMENT = watched()


@dataclass(frozen=True)
class Scene:
    """A command, the AWS that it finds, and what is so once it went well.

    ``recorded_first``: it does not begin without its first record. ``shown``: what it prints.
    ``given`` comes on the standard input.
    """

    arguments: str
    prepare: Callable[[], Aws]
    reached: Callable[[Aws], bool]
    recorded_first: bool = False
    shown: str = ""
    given: str = ""

    @property
    def words(self) -> list[str]:
        """The command line."""
        command, *options = self.arguments.split()
        if command == "audit":
            return [command, options[0], "rovn/production", *options[1:]]
        return [command, "rovn/production", *options]

    @property
    def writes(self) -> bool:
        """Whether it changes anything, and records it."""
        return "--yes" in self.arguments


def running() -> Aws:
    """Let a service run that alarms guard and that was deployed once."""
    aws = Aws(ENVIRONMENT)
    aws.alarm_names, aws.alarm_states = ["errors"], {"errors": "OK"}
    aws.deployment = {"serviceDeploymentArn": "arn:x/1", "status": "SUCCESSFUL"}
    aws.records[RECORD] = {"kind": "release-end", "outcome": "succeeded"}
    return aws


def frozen() -> Aws:
    """Let releases be frozen."""
    aws = Aws(ENVIRONMENT)
    aws.freeze = FROZEN
    return aws


def past() -> PastAws:
    """Let three releases have gone well, the last a minute ago."""
    aws = PastAws(ENVIRONMENT)
    aws.secrets = {"rovn/production/sentry-token": TOKEN}
    return aws


def baking() -> PastAws:
    """Let the last release be in its bake window."""
    aws = past()
    aws.under_way()
    return aws


def image_of(aws: Aws) -> str:
    """Name the image that serves."""
    return aws.tags[aws.running_number] if isinstance(aws, PastAws) else aws.running


def gone_back(aws: Aws) -> bool:
    (given,) = [p for p in aws.stack["Parameters"] if p["ParameterKey"] == "ImageTag"]
    return bool(image_of(aws) == OLD == given["ParameterValue"])


def restarted(aws: Aws) -> bool:
    assert isinstance(aws, PastAws)
    return image_of(aws) == NEW and len(aws.past) > 3


def asked(aws: Aws) -> bool:
    return isinstance(aws, LedgerAws) and bool(aws.ran)


def as_before(aws: Aws) -> bool:
    return True


def is_frozen(aws: Aws) -> bool:
    return '"frozen": true' in str(aws.freeze)


def is_open(aws: Aws) -> bool:
    return '"frozen": false' in str(aws.freeze)


def ledger() -> Aws:
    return LedgerAws(ENVIRONMENT)


def as_declared() -> Aws:
    return VerifiedAws(ENVIRONMENT)


def vault() -> Aws:
    """Let every secret have a value of ten days, and a restart be seen twice."""
    aws = VaultAws(ENVIRONMENT)
    aws.next_steps = [FORWARD[0], FORWARD[-1]]
    return aws


def all_new(aws: Aws, name: str) -> bool:
    """Whether no task runs with the value that the secret began with."""
    assert isinstance(aws, VaultAws)
    promoted = aws.vaults[name].promoted
    return promoted is not None and aws.started > promoted


def rotated(aws: Aws) -> bool:
    return all_new(aws, USER)


def out_of_use(aws: Aws) -> bool:
    assert isinstance(aws, VaultAws)
    return all_new(aws, EXPOSED) and first(EXPOSED) not in aws.vaults[EXPOSED].stages


def keys_out_of_use(aws: Aws) -> bool:
    """Two rotations at least, none of which kept a retired key, and then no label any more."""
    assert isinstance(aws, VaultAws)
    vault = aws.vaults[KEYS]
    cut = set(aws.rotated) <= set(vault.without_overlap) and not vault.holder(NO_OVERLAP)
    return all_new(aws, KEYS) and first(KEYS) not in vault.stages and cut


def supplied(aws: Aws) -> bool:
    assert isinstance(aws, VaultAws)
    vault = aws.vaults[VENDORS]
    return all_new(aws, VENDORS) and vault.values[vault.holder(CURRENT)] == TOKEN


KEYS = "jwt-signing-keys"
USER, EXPOSED, VENDORS = "database-application", "mcp-inbound-token", "stripe-api-key"
ROTATE = f"rotate --secret {USER} --now --yes"
EXPOSURE = f"rotate --secret {EXPOSED} --suspected-exposure --yes"
KEYS_EXPOSED = f"rotate --secret {KEYS} --suspected-exposure --yes"
SUPPLY = f"rotate --secret {VENDORS} --value-stdin --yes"
ROLLBACK = f"rollback --service {KEY} --yes --watch-minutes 0.25"
RESTART, ASK = f"restart --service {KEY} --yes", f"migrations --service {KEY} --yes"
SCENES = {
    "status": Scene("status", running, as_before, shown=OLD),
    "freeze": Scene("freeze --reason x --yes", running, is_frozen),
    "unfreeze": Scene("unfreeze --yes", frozen, is_open, recorded_first=True),
    "after the window": Scene(ROLLBACK, past, gone_back),
    "in the window": Scene(ROLLBACK, baking, gone_back),
    "restart": Scene(RESTART, past, restarted, recorded_first=True),
    "migrations": Scene(ASK, ledger, asked),
    "audit list": Scene("audit list --days 2", running, as_before, shown="release-end"),
    "verify": Scene(f"verify --assembly {ASSEMBLY}", as_declared, as_before, shown="Verified: "),
    "secrets": Scene("secrets", vault, as_before, shown=" secrets; 0 want attention."),
    "rotate": Scene(ROTATE, vault, rotated, recorded_first=True),
    "rotate after an exposure": Scene(EXPOSURE, vault, out_of_use, recorded_first=True),
    "rotate exposed keys": Scene(KEYS_EXPOSED, vault, keys_out_of_use, recorded_first=True),
    "rotate by hand": Scene(SUPPLY, vault, supplied, recorded_first=True, given=f"{TOKEN}\n"),
    "audit show": Scene(f"audit show {RECORD}", running, as_before, shown="succeeded"),
}
