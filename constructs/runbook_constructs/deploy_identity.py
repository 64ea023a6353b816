"""The one programmatic identity that starts deploys (ROVN-DEP-9)."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.access.deploy_policy import deploy_boundary, deploy_statements
from runbook.access.policy import document_of
from runbook.access.principals import Principals
from runbook.model.deploy import Deploy
from runbook_constructs.managed_policy import managed_policy

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


class DeployIdentity(Construct):
    """A role that one repository's jobs assume, or a user without any credential.

    Which of the two stands in the environment file. The user gets no key and no password here: an
    operator makes the key, and replaces it (README).
    """

    def __init__(self, scope: Construct, id_: str, *, principals: Principals) -> None:
        super().__init__(scope, id_)
        # Named as the boundary of all that the stack makes, so CloudFormation makes it first.
        boundary = managed_policy(self, "Boundary", deploy_boundary(principals))
        deploy = principals.environment.deploy
        document = iam.PolicyDocument.from_json(document_of(deploy_statements(principals)))
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            description=f"Starts deploys and releases of {principals.environment.name}",
            document=document,
            managed_policy_name=principals.named("deploy"),
        )
        if deploy.identity == "oidc_role":
            role = _role(self, deploy)
            role.node.add_dependency(boundary)
            policy.attach_to_role(role)
        else:
            # By a group: a policy on a user itself is overlooked when the user is reviewed.
            group = iam.Group(self, "Group", group_name=principals.named("deploy"))
            policy.attach_to_group(group)
            user = iam.User(self, "User", user_name=deploy.identity_name, groups=[group])
            user.node.add_dependency(boundary)


def _role(scope: Construct, deploy: Deploy) -> iam.Role:
    provider = iam.OidcProviderNative(
        scope, "GitHub", url=f"https://{GITHUB}", client_ids=[AUDIENCE]
    )
    claims = {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": deploy.subject}
    if deploy.branch:
        claims[f"{GITHUB}:ref"] = f"refs/heads/{deploy.branch}"
    return iam.Role(
        scope,
        "Role",
        role_name=deploy.identity_name,
        description=f"Starts deploys, for {deploy.subject}",
        assumed_by=iam.WebIdentityPrincipal(
            provider.oidc_provider_arn, conditions={"StringEquals": claims}
        ),
        # The shortest that IAM takes for a role: longer than any one step of a release.
        max_session_duration=Duration.hours(1),
    )
