"""The service control policy: what binds even administrators of the account (ROVN-DEP-9).

An organisation's management account attaches it to the environment's account; nothing here can.
It grants nothing. Service-linked roles are not bound by it, so ECS goes on moving tasks.
"""

import json
from collections.abc import Sequence

from runbook.access.deploy_policy import PUSH
from runbook.access.guard_rails import (
    EVERY_BOUNDARY,
    LASTING_CREDENTIALS,
    POLICY_EDITS,
    PROVIDER_EDITS,
    ROLE_EDITS,
    shortened,
)
from runbook.access.policy import Document
from runbook.access.principals import Principals
from runbook.model.refusal import Refusal, RefusedError

# Of AWS Organizations, white space included: the document is written without any.
LARGEST = 5120
_IMAGES = (*PUSH, "ecr:BatchDeleteImage", "ecr:DeleteRepository", "ecr:ReplicateImage")
# A denial may be wide, and the document may not be long: DescribeServices, DescribeStacks and the
# like, in the plural, are none of these.
_SERVICES = (
    "ecs:*Service",
    "ecs:*ServiceDeployment",
    "ecs:*Task",
    "ecs:*TaskSet",
    # Register and deregister.
    "ecs:*egisterTaskDefinition",
    "ecs:ExecuteCommand",
)
_RECORDS = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "kms:ScheduleKeyDeletion",
    "s3:BypassGovernanceRetention",
)
_APPROVAL = "codepipeline:PutApprovalResult"
_STACKS = (
    "cloudformation:*Stack",
    "cloudformation:CreateChangeSet",
    "cloudformation:ExecuteChangeSet",
)


def service_control_policy(principals: Principals) -> Document:
    """Build the document."""
    environment = principals.environment
    stacks = f"arn:aws:cloudformation:*:{environment.account}:stack/{principals.named('*')}"
    cdk_roles = principals.role("cdk-*")
    executors = principals.role("cdk-*-cfn-exec-role-*")
    people = principals.break_glass
    own_roles = principals.role(principals.named("*"))
    identity = principals.deploy_identity
    limits = [
        principals.policy(principals.named(name))
        for name in (EVERY_BOUNDARY, "cloudformation-*", "deploy")
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [
            _only("Images", _IMAGES, ["*"], principals.may_push_images),
            # Of these their boundary, which "Limits" guards, leaves to a release gate RunTask
            # alone, and to what follows a rotation UpdateService with the same revision.
            _only("Services", _SERVICES, ["*"], _who_runs(principals)),
            _only("Stacks", _STACKS, [stacks], principals.may_change_stacks),
            *_approvals(principals),
            _only("StartDeploys", ["sts:AssumeRole"], [cdk_roles], principals.may_start_deploys),
            _only(
                "HandOver",
                ["iam:PassRole"],
                [executors],
                (*principals.cdk_roles("deploy"), *people),
            ),
            # CloudFormation makes the stacks' roles; from the rest its own boundary keeps it.
            _only(
                "Limits",
                (*POLICY_EDITS, *ROLE_EDITS),
                [own_roles, cdk_roles, identity, *people, *limits],
                (*principals.cdk_roles("cfn-exec"), *people),
            ),
            _only(
                "CredentialsAndRecords",
                (*LASTING_CREDENTIALS, *PROVIDER_EDITS, *_RECORDS, *_of_people(principals)),
                ["*"],
                people,
            ),
            {
                "Sid": "NeverRoot",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"ArnEquals": {"aws:PrincipalArn": principals.root}},
            },
            {
                "Sid": "NeverLeave",
                "Effect": "Deny",
                "Action": "organizations:LeaveOrganization",
                "Resource": "*",
            },
        ],
    }


def _who_runs(principals: Principals) -> tuple[str, ...]:
    return (*principals.may_run_tasks, principals.secret_restart)


def _of_people(principals: Principals) -> tuple[str, ...]:
    """List what break-glass alone may do; with approvals, when nobody else approves."""
    return () if principals.environment.delivery.approver_roles else (_APPROVAL,)


def _approvals(principals: Principals) -> list[dict[str, object]]:
    """Leave approvals to people, who are never the deploy identity (ROVN-DEP-8)."""
    if not principals.environment.delivery.approver_roles:
        return []
    return [_only("Approve", [_APPROVAL], ["*"], principals.may_approve_releases)]


def rendered(principals: Principals) -> str:
    """Write the document as Organizations takes it; the same environment gives the same bytes.

    Raises ``RefusedError`` when it is too long.
    """
    text = json.dumps(service_control_policy(principals), separators=(",", ":"))
    if len(text) > LARGEST:
        reason = f"the policy would have {len(text)} characters, Organizations takes {LARGEST}"
        fix = "name fewer break-glass roles, or shorter ones"
        refusal = Refusal("deploy.break_glass_roles", reason, fix)
        raise RefusedError(principals.environment.name, [refusal])
    return text


def _only(
    sid: str, actions: Sequence[str], resources: Sequence[str], spared: Sequence[str]
) -> dict[str, object]:
    """Deny to all but those spared; a session of a role carries the role's ARN."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Action": sorted(shortened(actions)),
        "Resource": sorted(resources),
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": list(spared)}},
    }
