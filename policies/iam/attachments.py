"""Who carries an identity policy: attached from either side, or by the bootstrap."""

from collections.abc import Iterator
from functools import cached_property

from policies.iam.statements import texts
from policies.templates.scope import Resource, Scope
from policies.templates.values import Unknown, UnresolvedError
from runbook.access.execution_policies import execution_policies
from runbook.access.guard_rails import BOUNDARIES

MANAGED = "AWS::IAM::ManagedPolicy"
IDENTITIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_MEMBERS = "AWS::IAM::UserToGroupAddition"
# Where a policy says whom it is for, and of which kind they are.
_ATTACHED_TO = (
    ("Roles", "AWS::IAM::Role"),
    ("Users", "AWS::IAM::User"),
    ("Groups", "AWS::IAM::Group"),
    ("RoleName", "AWS::IAM::Role"),
    ("UserName", "AWS::IAM::User"),
    ("GroupName", "AWS::IAM::Group"),
)
_NAME_OF = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
}


# What hands somebody the permissions of a thing that may stand elsewhere, and of which type it is.
_GIVEN = {
    **{identity: {"ManagedPolicyArns": MANAGED} for identity in IDENTITIES},
    "AWS::IAM::User": {"ManagedPolicyArns": MANAGED, "Groups": "AWS::IAM::Group"},
    _MEMBERS: {"GroupName": "AWS::IAM::Group"},
    "AWS::IAM::InstanceProfile": {"Roles": "AWS::IAM::Role"},
    "AWS::SSO::Assignment": {"PermissionSetArn": "AWS::SSO::PermissionSet"},
    "AWS::SSO::PermissionSet": {
        "ManagedPolicies": MANAGED,
        "CustomerManagedPolicyReferences": MANAGED,
    },
}


class Attachments:
    """Who carries what, in one scope; ARNs as in ``runbook.access.principals``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        principals = scope.principals
        self._executed = {policy.name for policy in execution_policies(principals)}
        self._boundaries = {principals.named(name) for name in BOUNDARIES}

    def carriers(self, resource: Resource) -> frozenset[str]:
        """Tell who carries the policies of a resource of IAM; nobody, for a boundary."""
        if resource.type in IDENTITIES:
            return frozenset(self._behind(resource))
        found = {arn for who in self._attached(resource) for arn in who}
        name = resource.at("ManagedPolicyName") if resource.type == MANAGED else None
        if name in self._executed:
            found |= set(self._scope.principals.cdk_roles("cfn-exec"))
        if not found and name not in self._boundaries:
            # Attached by somebody else, some day.
            found = {f"whoever carries {arn_of(resource)}"}
        return frozenset(found)

    def foreign(self, resource: Resource) -> Iterator[str]:
        """List what a resource gives to somebody and stands in none of the templates.

        Those are policies, and groups, roles and permission sets with policies of their own.
        """
        for key, kind in _GIVEN.get(resource.type, {}).items():
            for given in _each(resource.at(key, []), key):
                if not self._is_own(given, kind):
                    yield given

    def _is_own(self, given: str, kind: str) -> bool:
        if kind == MANAGED:
            return given in self._policies
        target = self._scope.target(given)
        named = (i.properties.get(_NAME_OF.get(kind)) for i in self._scope.resources(kind))
        return (target is not None and target.type == kind) or given in list(named)

    @cached_property
    def _policies(self) -> frozenset[str]:
        return frozenset(arn_of(policy) for policy in self._scope.resources(MANAGED))

    @cached_property
    def _listing(self) -> dict[str, list[Resource]]:
        """Map the ARN of a policy to the identities that list it."""
        found: dict[str, list[Resource]] = {}
        for identity in self._scope.resources(*IDENTITIES):
            for arn in dict.fromkeys(_known(identity, "ManagedPolicyArns")):
                found.setdefault(arn, []).append(identity)
        return found

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], Resource]:
        """Map type and name of an identity that names itself to the first that does."""
        found: dict[tuple[str, str], Resource] = {}
        for identity in self._scope.resources(*_NAME_OF):
            name = identity.properties.get(_NAME_OF[identity.type])
            if isinstance(name, str):
                found.setdefault((identity.type, str(name)), identity)
        return found

    def _attached(self, policy: Resource) -> Iterator[frozenset[str]]:
        for key, kind in _ATTACHED_TO:
            given = policy.at(key, [])
            for name in texts(given, key):
                yield frozenset(self._named(name, kind))
        if policy.type == MANAGED:
            for identity in self._listing.get(arn_of(policy), ()):
                yield frozenset(self._behind(identity))

    def _named(self, name: str, kind: str) -> Iterator[str]:
        """Find whom a name means: one of the templates, or somebody who is there already."""
        identity = self._scope.target(name) or self._by_name.get((kind, name))
        if identity is not None and identity.type == kind:
            yield from self._behind(identity)
        else:
            account = self._scope.environment.account
            yield f"arn:aws:iam::{account}:{kind.rsplit('::', 1)[1].lower()}/{name}"

    def _behind(self, identity: Resource) -> Iterator[str]:
        """Name the identity itself, or the users of a group."""
        members = list(self._members(identity)) if identity.type == "AWS::IAM::Group" else []
        yield from members or [arn_of(identity)]

    def _members(self, group: Resource) -> Iterator[str]:
        name, own = group.stack.ref(group.logical_id), group.properties.get("GroupName")
        for user in self._scope.resources("AWS::IAM::User"):
            if {name, own} & set(_known(user, "Groups")):
                yield arn_of(user)
        for addition in self._scope.resources(_MEMBERS):
            if addition.properties.get("GroupName") in (name, own):
                for user_name in texts(addition.at("Users", []), "Users"):
                    yield from self._named(user_name, "AWS::IAM::User")


def arn_of(identity: Resource) -> str:
    """Write the ARN of a role, user, group or policy; its mark where AWS picks the name."""
    stack, name = identity.stack, identity.logical_id
    if identity.type == "AWS::IAM::Group":
        given = stack.ref(name)
        return f"arn:aws:iam::{stack.template.account}:group/{given}"
    arn = stack.ref(name) if identity.type == MANAGED else stack.get_att(name, "Arn")
    if isinstance(arn, Unknown):
        raise UnresolvedError(f"the name of {identity}: {arn.text} is open: {arn.why}")
    return str(arn)


def _each(given: object, key: str) -> list[str]:
    """List what is given, by ARN or by name; a reference to a policy by its name there."""
    values = given if isinstance(given, list) else [given]
    return texts([v.get("Name", "") if isinstance(v, dict) else v for v in values], key)


def _known(identity: Resource, key: str) -> list[str]:
    """List what is told; what is open fails where the identity itself is judged."""
    given = identity.properties.get(key)
    values = given if isinstance(given, list) else [given]
    return [value for value in values if isinstance(value, str)]
