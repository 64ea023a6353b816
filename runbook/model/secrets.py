"""The secrets of an environment: who owns each, how and how often it is replaced (ROVN-SEC-3)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# database_master: generated, single user. database_user: generated, two users take turns.
# generated_token: generated, the previous one stays valid for a while. signing_key: key pairs,
# rolling. operator_supplied: no API mints it, so a person brings the new value.
Mechanism = Literal[
    "database_master", "database_user", "generated_token", "operator_supplied", "signing_key"
]

Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*(:[A-Za-z0-9_]+)?$")]
USERS: Mechanism = "database_user"
# What a consumer is called that is a service's migration task.
MIGRATIONS = "/migrations"


class Verification(BaseModel):
    """One harmless call that only a working key of a vendor answers well."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    url: Annotated[
        str,
        Field(pattern=r"^https://[a-z0-9.-]+/\S*$", description="What is asked, by GET; HTTPS."),
    ]
    scheme: Annotated[
        Literal["basic", "bearer", "plain"],
        Field(description="How the header has the key: as a user without password, or as it is."),
    ]
    header: Annotated[
        str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", description="The header that has the key.")
    ]
    headers: Annotated[
        dict[str, str], Field(description="Further headers that the vendor wants, no secrets.")
    ] = {}


class Secret(BaseModel):
    """One secret and its plan; without mechanism, cadence and owner it is refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    mechanism: Annotated[Mechanism, Field(description="How a new value comes to be.")]
    rotation_days: Annotated[
        int, Field(ge=1, le=1000, description="Days between two rotations; AWS takes 1 to 1000.")
    ]
    owner: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9-]*$",
            description="The role that answers for it; a role, never a person.",
        ),
    ]
    consumers: Annotated[
        tuple[str, ...],
        Field(
            strict=False,
            description="Who reads it: a service, or <service>/migrations for its migration task.",
        ),
    ]
    variables: Annotated[
        tuple[Variable, ...],
        Field(
            strict=False,
            description="Environment variables the consumers find it in: NAME for the whole "
            "value, NAME:key for one key of a JSON value.",
        ),
    ]
    overlap_hours: Annotated[
        int | None,
        Field(
            ge=1,
            le=720,
            description="generated_token, signing_key: how long what was issued under the "
            "previous value is still taken.",
        ),
    ] = None
    verification: Annotated[
        Verification | None,
        Field(description="operator_supplied: the call that shows whether a new value works."),
    ] = None
    unverifiable: Annotated[
        str | None,
        Field(min_length=10, description="operator_supplied: why no call can show that."),
    ] = None

    @property
    def schedule(self) -> str:
        """How often it rotates, as Secrets Manager wants it said."""
        return f"rate({self.rotation_days} day{'s' if self.rotation_days > 1 else ''})"

    @property
    def services(self) -> tuple[str, ...]:
        """The services whose tasks read it when they start; a migration reads it anew each time."""
        return tuple(name for name in self.consumers if not name.endswith(MIGRATIONS))


def owner_role(name: str) -> str:
    """Name the role of the database whose members a secret's users are.

    That of the secret ``database-application`` is ``application``.
    """
    return name.removeprefix("database-").replace("-", "_")
