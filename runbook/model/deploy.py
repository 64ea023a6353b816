"""Who may start a deploy of an environment (ROVN-DEP-9)."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from runbook.model.refusal import Refusal
from runbook.model.validation import impossible

# oidc_role: GitHub Actions assumes a role, with no key anywhere. iam_user: for whoever deploys
# from where no identity provider is; its key is an operator's, made and replaced by hand.
Identity = Literal["oidc_role", "iam_user"]
_IAM_NAME = r"[A-Za-z0-9+=,.@_-]{1,64}"
_NAME = re.compile(_IAM_NAME)
# Roles of IAM Identity Center stand under a path, which is part of their ARN.
_ROLE = re.compile(rf"([A-Za-z0-9+=,.@_-]+/)*{_IAM_NAME}")
# A repository made or renamed since July 2026 has its owner's and its own id in the subject.
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+(@[0-9]+/[A-Za-z0-9._-]+@[0-9]+|/[A-Za-z0-9._-]+)")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_GITHUB_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OF_GITHUB = ("repository", "branch", "github_environment")


def _exactly(form: re.Pattern[str], what: str, example: str) -> AfterValidator:
    """Refuse what is no exact name: a wildcard would let in whoever thinks of a matching one."""

    def check(name: str) -> str:
        if form.fullmatch(name):
            return name
        wildcard = " (a wildcard is never taken)" if set(name) & {"*", "?"} else ""
        raise impossible(f"{name!r} is not {what}{wildcard}", f"write, for example, {example}")

    return AfterValidator(check)


def _shown(form: re.Pattern[str]) -> dict[str, JsonValue]:
    """Let editors mark what the loader refuses."""
    return {"pattern": f"^{form.pattern}$"}


IamName = Annotated[
    str,
    _exactly(_NAME, "an IAM name", "claude-deploy"),
    Field(json_schema_extra=_shown(_NAME)),
]
RoleName = Annotated[
    str,
    _exactly(_ROLE, "the name of a role, with its path if it has one", "break-glass"),
    Field(json_schema_extra=_shown(_ROLE)),
]
Repository = Annotated[
    str,
    _exactly(
        _REPOSITORY,
        "one repository of GitHub",
        "octo-org/octo-repo, or octo-org@123456/octo-repo@456789 where GitHub's tokens have ids",
    ),
    Field(json_schema_extra=_shown(_REPOSITORY)),
]
Branch = Annotated[
    str, _exactly(_BRANCH, "one branch", "main"), Field(json_schema_extra=_shown(_BRANCH))
]
GithubEnvironment = Annotated[
    str,
    _exactly(_GITHUB_ENVIRONMENT, "one environment of a repository", "production"),
    Field(json_schema_extra=_shown(_GITHUB_ENVIRONMENT)),
]


class Deploy(BaseModel):
    """The one programmatic identity that starts deploys, and the people who may in an emergency.

    ``break_glass_roles`` are roles that are there already: nothing here creates them.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    identity_name: Annotated[IamName, Field(description="Name of the role or user.")]
    identity: Annotated[
        Identity, Field(description="A role that GitHub Actions assumes, or an IAM user.")
    ]
    repository: Annotated[
        Repository | None,
        Field(description="oidc_role: the GitHub repository that may assume it, owner/name."),
    ] = None
    branch: Annotated[
        Branch | None,
        Field(description="oidc_role: the only branch whose jobs may assume it."),
    ] = None
    github_environment: Annotated[
        GithubEnvironment | None,
        Field(description="oidc_role: the only GitHub environment whose jobs may assume it."),
    ] = None
    break_glass_roles: Annotated[
        tuple[RoleName, ...],
        Field(strict=False, min_length=1, description="Roles of people, for emergencies."),
    ]

    @property
    def subject(self) -> str:
        """What GitHub's token must say it is, exactly; for ``oidc_role`` only.

        A job in an environment says that instead of its branch.
        """
        if self.github_environment:
            return f"repo:{self.repository}:environment:{self.github_environment}"
        return f"repo:{self.repository}:ref:refs/heads/{self.branch}"

    def contradictions(self, slug: str) -> Iterator[Refusal]:
        """Say what cannot be; ``slug`` begins the names of the environment's own roles."""
        if self.identity == "iam_user":
            yield from self._github_without_oidc()
        else:
            yield from self._oidc_without_github()
        yield from self._taken_names(slug)

    def _github_without_oidc(self) -> Iterator[Refusal]:
        for key in _OF_GITHUB:
            if getattr(self, key) is not None:
                yield Refusal(
                    f"deploy.{key}",
                    "an IAM user is not assumed from GitHub",
                    f'remove it, or set identity = "oidc_role" and keep {key}',
                )

    def _oidc_without_github(self) -> Iterator[Refusal]:
        if self.repository is None:
            yield Refusal(
                "deploy.repository",
                "an OIDC role without a repository could be assumed by any of them",
                "write the one that deploys, as owner/name",
            )
        if self.branch is None and self.github_environment is None:
            yield Refusal(
                "deploy.branch",
                "an OIDC role without branch or environment could be assumed by any pull request",
                "write branch, github_environment, or both",
            )

    def _taken_names(self, slug: str) -> Iterator[Refusal]:
        names = {f"deploy.break_glass_roles[{i}]": n for i, n in enumerate(self.break_glass_roles)}
        names["deploy.identity_name"] = self.identity_name
        # IAM tells names apart by their letters, not by their case, and not by their path.
        bare = {key: name.rsplit("/", 1)[-1].lower() for key, name in names.items()}
        often = Counter(bare.values())
        for key, name in bare.items():
            if often[name] > 1:
                yield Refusal(key, f"{names[key]!r} stands here twice", "name each role once")
            if name.startswith((f"{slug}-", "cdk-")):
                yield Refusal(
                    key,
                    f"{names[key]!r} is the kind of name that roles of our stacks and the CDK have",
                    f"choose a name that begins neither with {slug}- nor with cdk-",
                )
