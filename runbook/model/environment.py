"""One environment of one organisation: all that differs between two deployments."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from runbook.clauses import clauses_of, organisations_with_clauses
from runbook.model.alerting import Alerting
from runbook.model.buckets import Buckets
from runbook.model.contradictions import between_tables
from runbook.model.costs import Costs
from runbook.model.database import Database
from runbook.model.delivery import Delivery, bake_beyond_release
from runbook.model.deploy import Deploy
from runbook.model.images import Images
from runbook.model.ingress import LoadBalancer
from runbook.model.location import AccountId, Region, Zones, foreign_zones
from runbook.model.network import Network
from runbook.model.preflight import Preflight
from runbook.model.refusal import Refusal
from runbook.model.secrets import USERS, Secret, owner_role
from runbook.model.services import Service
from runbook.model.thresholds import Thresholds
from runbook.model.tier import Tier
from runbook.model.trail import Trail
from runbook.model.validation import contradiction, impossible

LONGEST_ROLE_NAME = 64
# IAM is of no region, and tells EventBridge what happens in it in this one alone.
IDENTITY_REGION = "us-east-1"
# The key of a place that moves along, and what tells a validation that it has been moved.
_CANARY_PLACE, _MOVED = "canary_region", "moved"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]


def _known_version(version: int) -> int:
    if version != 1:
        raise impossible(f"version {version} of the format is not known", "write schema = 1")
    return version


class EnvironmentFile(BaseModel):
    """What stands in ``environments/<organisation>/<environment>.toml``."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    schema_version: Annotated[
        int,
        AfterValidator(_known_version),
        Field(
            alias="schema",
            description="Version of this format; 1 is the only one.",
            json_schema_extra={"const": 1},
        ),
    ]
    tier: Annotated[
        Tier,
        Field(description="What the data is: real patients' (phi), real people's, or made up."),
    ]
    account: Annotated[AccountId, Field(description="AWS account id, 12 digits in quotes.")]
    region: Annotated[Region, Field(description="AWS region code, for example us-east-2.")]
    availability_zones: Annotated[
        Zones,
        Field(
            description="Zones of the region, at least two; written out so that synthesis "
            "looks nothing up."
        ),
    ]
    network: Network
    buckets: Buckets
    trail: Trail
    database: Database
    images: Images
    load_balancer: LoadBalancer
    services: Annotated[dict[Name, Service], Field(min_length=1, description="By their names.")]
    secrets: Annotated[dict[Name, Secret], Field(description="By their names.")]
    deploy: Deploy
    delivery: Delivery
    alerting: Alerting
    alarms: Thresholds
    costs: Costs
    preflight: Annotated[
        Preflight | None, Field(description="What has to be so before a release here, if anything.")
    ] = None


class Environment(EnvironmentFile):
    """An environment file together with its name, checked against itself and the clauses.

    ``organisation`` and ``environment`` come from the file's path, never from its content.
    """

    organisation: str
    environment: str

    @property
    def name(self) -> str:
        """The name used on every command line: ``organisation/environment``."""
        return f"{self.organisation}/{self.environment}"

    @property
    def slug(self) -> str:
        """The name as AWS resource names take it: ``organisation-environment``."""
        return f"{self.organisation}-{self.environment}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region it has stacks in, its own first."""
        every = (self.region, self.database.backup_copy_region, IDENTITY_REGION)
        return tuple(dict.fromkeys(every))

    @property
    def copied_secrets(self) -> dict[str, tuple[str, ...]]:
        """Map secrets to the regions of their copies: the pager's address, for probes' topics.

        What CloudFormation puts in the place of a reference, it reads in the stack's own region.
        """
        if self.region == IDENTITY_REGION:
            return {}
        return {self.alerting.pager_secret: (IDENTITY_REGION,)}

    @property
    def database_master(self) -> str | None:
        """The secret with the database's master credential; None when RDS manages it itself."""
        masters = (name for name, s in self.secrets.items() if s.mechanism == "database_master")
        return next(masters, None)

    @property
    def rotating_secrets(self) -> tuple[str, ...]:
        """The secrets whose next value a function makes; the others an operator brings."""
        return tuple(name for name, s in self.secrets.items() if s.mechanism != "operator_supplied")

    @property
    def operators_tokens(self) -> tuple[str, ...]:
        """The secrets that operators' own commands read: Sentry's tokens, and no others."""
        projects = (service.sentry for service in self.services.values())
        return tuple(dict.fromkeys(each.token_secret for each in projects if each))

    def secrets_of(self, consumer: str) -> dict[str, tuple[str, ...]]:
        """Map each secret that a task reads to its variables, as ``NAME`` or ``NAME:key``.

        ``consumer`` is a service, or ``<service>/migrations``.
        """
        return {
            name: secret.variables
            for name, secret in self.secrets.items()
            if consumer in secret.consumers
        }

    def database_role_of(self, consumer: str) -> str | None:
        """Name the role whose member a task is in the database, if its users take turns."""
        names = (n for n in self.secrets_of(consumer) if self.secrets[n].mechanism == USERS)
        name = next(names, None)
        return owner_role(name) if name else None

    def moved(self, *, account: str | None = None, region: str | None = None) -> Self:
        """Place the same environment in another account or region, zone letters kept.

        Canaries of its own region come along, as an alarm sees nothing of another one: what a
        clause demands of their place, it demands of the file (docs/decisions/0039). Raises
        pydantic's ``ValidationError`` when the new place is impossible.
        """
        data = self.model_dump(by_alias=True)
        if account is not None:
            data["account"] = account
        if region is not None:
            data["region"] = region
            data["availability_zones"] = [region + zone[-1] for zone in self.availability_zones]
            for service in data["services"].values():
                if service["probes"][_CANARY_PLACE] == self.region:
                    service["probes"][_CANARY_PLACE] = region
        return type(self).model_validate(data, context={_MOVED: True})

    @model_validator(mode="after")
    def _no_contradictions(self, info: ValidationInfo) -> Self:
        refusals = list(self._contradictions(moved=_MOVED in (info.context or {})))
        if refusals:
            raise contradiction(refusals)
        return self

    def _contradictions(self, *, moved: bool) -> Iterator[Refusal]:
        for zone in foreign_zones(self.region, self.availability_zones):
            yield Refusal(
                "availability_zones",
                f"{zone!r} is not a zone of {self.region}",
                f"write the region's code and one letter, for example {self.region}a",
            )
        yield from self.network.contradictions(self.availability_zones)
        yield from self.database.contradictions(self.region)
        for name, service in self.services.items():
            yield from service.contradictions(f"services.{name}")
        yield from self._long_names()
        yield from self.deploy.contradictions(self.slug)
        yield from self.delivery.contradictions(self.deploy, self.slug)
        bakes = {name: service.bake_minutes for name, service in self.services.items()}
        yield from bake_beyond_release(self.delivery, bakes)
        yield from self._staging()
        yield from self.alerting.contradictions(self.secrets)
        yield from between_tables(self)
        yield from self._broken_demands(moved=moved)

    def _staging(self) -> Iterator[Refusal]:
        if self.preflight and self.preflight.staging == self.environment:
            yield Refusal(
                "preflight.staging",
                f"{self.environment} is this environment: an image would have to serve here before "
                "it is released here",
                "name another environment of the organisation",
            )

    def _long_names(self) -> Iterator[Refusal]:
        for name in self.services:
            longest = f"{self.slug}-{name}-migrations-execution"
            if len(longest) > LONGEST_ROLE_NAME:
                yield Refusal(
                    f"services.{name}",
                    f"the role {longest} would have {len(longest)} characters, IAM takes "
                    f"{LONGEST_ROLE_NAME}",
                    "shorten the name of the service, the environment or the organisation",
                )

    def _broken_demands(self, *, moved: bool) -> Iterator[Refusal]:
        if self.organisation not in organisations_with_clauses():
            yield Refusal(
                "organisation",
                f"no clauses are written down for {self.organisation!r}, so nothing would be held "
                "against this file",
                f"add runbook/clauses/{self.organisation}.toml",
            )
            return
        for clause in clauses_of(self.organisation):
            for demand in clause.demands:
                if not (moved and demand.key.endswith(f".{_CANARY_PLACE}")):
                    yield from demand.refusals(clause.id, self)
