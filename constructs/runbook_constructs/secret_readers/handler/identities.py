"""The users and roles of an account with all that their policies say, as IAM itself lists them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .conditions import Facts
from .statements import Call, Statement, UnreadableError, granting, statements

Json = Any
Details = Mapping[str, Sequence[Mapping[str, Json]]]


@dataclass(frozen=True)
class Identity:
    """A user or a role: what it is granted, by its groups too, and the boundary that limits that.

    ``boundary`` is None without one, and where nobody can read what it says: it limits nothing.
    ``trust`` says who may become it. ``itself`` lists what changes its own permissions: the action
    and what that acts on.
    """

    arn: str
    said: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    trust: tuple[Statement, ...] | None
    itself: tuple[tuple[str, str], ...]

    @property
    def facts(self) -> Facts:
        """What every call of its own carries."""
        return {
            "aws:principalarn": self.arn,
            "aws:principalaccount": self.arn.split(":")[4],
            "aws:principalisawsservice": "false",
        }

    def may(self, action: str, resource: str, **facts: str) -> list[Statement]:
        """List the statements by which it may call an action; none where it may not."""
        more = {key.replace("__", ":"): value for key, value in facts.items()}
        call = Call(action, resource, {**self.facts, **more})
        if self.boundary is not None and not granting(self.boundary, call):
            return []
        return granting(self.said, call)


def identities(details: Details) -> list[Identity]:
    """Put together what ``GetAccountAuthorizationDetails`` tells.

    Raises ``UnreadableError`` when a policy that somebody carries is not among the answers.
    """
    policies = {p["Arn"]: _default(p) for p in details["Policies"]}
    groups = {g["GroupName"]: g for g in details["GroupDetailList"]}
    users = [_user(user, groups, policies) for user in details["UserDetailList"]]
    return [*users, *(_role(role, policies) for role in details["RoleDetailList"])]


def _user(user: Json, groups: Mapping[str, Json], policies: Mapping[str, Json]) -> Identity:
    of = [_group(groups, name) for name in user.get("GroupList", [])]
    said = list(_said(user, "UserPolicyList", "", policies))
    for group in of:
        said += _said(group, "GroupPolicyList", f"group {group['GroupName']}: ", policies)
    itself = [("iam:AttachUserPolicy", user["Arn"]), ("iam:PutUserPolicy", user["Arn"])]
    itself += [("iam:AddUserToGroup", group["Arn"]) for group in groups.values()]
    for group in of:
        itself += [("iam:AttachGroupPolicy", group["Arn"]), ("iam:PutGroupPolicy", group["Arn"])]
    itself += _versions([user, *of])
    return Identity(
        user["Arn"], tuple(said), _boundary(user, policies), None, tuple(dict.fromkeys(itself))
    )


def _role(role: Json, policies: Mapping[str, Json]) -> Identity:
    itself = [("iam:AttachRolePolicy", role["Arn"]), ("iam:PutRolePolicy", role["Arn"])]
    return Identity(
        role["Arn"],
        tuple(_said(role, "RolePolicyList", "", policies)),
        _boundary(role, policies),
        tuple(statements(role.get("AssumeRolePolicyDocument"), f"trust of {role['RoleName']}")),
        (*itself, *_versions([role])),
    )


def _group(groups: Mapping[str, Json], name: str) -> Json:
    if name not in groups:
        raise UnreadableError(f"IAM names the group {name} and does not describe it")
    return groups[name]


def _said(who: Json, inline: str, where: str, policies: Mapping[str, Json]) -> Iterator[Statement]:
    for policy in who.get(inline, []):
        label = f"{where}inline policy {policy['PolicyName']}"
        yield from statements(policy["PolicyDocument"], label)
    for attached in who.get("AttachedManagedPolicies", []):
        arn = attached["PolicyArn"]
        if arn not in policies:
            raise UnreadableError(f"IAM names the policy {arn} and does not describe it")
        yield from statements(policies[arn], f"{where}policy {arn}")


def _versions(carriers: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """Name what would change a policy that it carries; AWS's own nobody changes."""
    for carrier in carriers:
        for attached in carrier.get("AttachedManagedPolicies", []):
            if not attached["PolicyArn"].startswith("arn:aws:iam::aws:"):
                yield "iam:CreatePolicyVersion", attached["PolicyArn"]
                yield "iam:SetDefaultPolicyVersion", attached["PolicyArn"]


def _boundary(who: Json, policies: Mapping[str, Json]) -> tuple[Statement, ...] | None:
    arn = (who.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    if arn is None or arn not in policies:
        return None
    return tuple(statements(policies[arn], f"boundary {arn}"))


def _default(policy: Json) -> Json:
    for version in policy.get("PolicyVersionList", []):
        if version.get("IsDefaultVersion"):
            return version.get("Document")
    raise UnreadableError(f"policy {policy['Arn']} has no version that is in force")
