"""What rules say to those who are told: who, what, from where, when, and how it ended."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_events as events

from runbook.alarms import event_rules
from runbook.chat_messages import notification, template

# Who made a call. An IAM user's ARN is not here: its path may hold what breaks a message.
WHO = {
    "account": "$.detail.userIdentity.accountId",
    "kind": "$.detail.userIdentity.type",
    "principal": "$.detail.userIdentity.principalId",
    "role": "$.detail.userIdentity.sessionContext.sessionIssuer.userName",
    "user": "$.detail.userIdentity.userName",
}
# What it was, and how it ended: a call that was let through has no error code.
CALL = {
    "call": "$.detail.eventName",
    "event": "$.detail.eventID",
    "from": "$.detail.sourceIPAddress",
    "refused": "$.detail.errorCode",
    "region": "$.detail.awsRegion",
    "time": "$.detail.eventTime",
}
SAID_OF_CALL = (
    "*Who*: <kind> <role><user> (<principal>) of account <account>\n"
    "*What*: <call>\n*From*: <from>, in <region>\n*When*: <time>\n"
    "*Refused with* (nothing here: it was let through): <refused>\n*Event*: <event>"
)
_AT = "*When*: <time>"


def messages(environment: str) -> dict[str, events.CfnRule.InputTransformerProperty]:
    """Map the name of each rule that tells somebody to what it says."""
    of_ecs, of_pipeline, of_stack = event_rules.DEPLOYS
    return {
        event_rules.TAMPER: _tampering(
            environment, event_rules.TAMPER, "audit-tamper-attempt", "somebody outside our account"
        ),
        event_rules.TAMPER_INSIDE: _tampering(
            environment,
            event_rules.TAMPER_INSIDE,
            "audit-tamper-inside-account",
            "a principal of our own account",
        ),
        of_ecs: _failure(
            environment,
            of_ecs,
            "a deployment failed",
            f"*What*: <name> of <service>\n*Deployment*: <deployment>\n{_AT}",
            {
                "deployment": "$.detail.deploymentId",
                "name": "$.detail.eventName",
                "service": "$.resources[0]",
                "time": "$.time",
            },
        ),
        of_pipeline: _failure(
            environment,
            of_pipeline,
            "a pipeline failed",
            f"*What*: <pipeline> is <state>\n*Execution*: <execution>\n{_AT}",
            {
                "execution": "$.detail.execution-id",
                "pipeline": "$.detail.pipeline",
                "state": "$.detail.state",
                "time": "$.time",
            },
        ),
        of_stack: _failure(
            environment,
            of_stack,
            "a stack failed or was rolled back",
            f"*What*: <status> of <stack>\n{_AT}",
            {
                "stack": "$.detail.stack-id",
                "status": "$.detail.status-details.status",
                "time": "$.time",
            },
        ),
    }


def transformer(
    message: Mapping[str, Any], fields: Mapping[str, str]
) -> events.CfnRule.InputTransformerProperty:
    """Write a message as EventBridge fills it in."""
    return events.CfnRule.InputTransformerProperty(
        input_paths_map=dict(fields), input_template=template(message, fields)
    )


def _tampering(
    environment: str, rule: str, playbook: str, who: str
) -> events.CfnRule.InputTransformerProperty:
    message = notification(
        f"{environment}: {who} called <call>, on locked records, a key or the trail",
        f"{SAID_OF_CALL}\n*Bucket*, where it is about one: <bucket>",
        [f"Read: runbook playbook {environment} {playbook}", "Find the event in the trail"],
        about=rule,
    )
    bucket = {"bucket": "$.detail.requestParameters.bucketName"}
    return transformer(message, WHO | CALL | bucket)


def _failure(
    environment: str, rule: str, what: str, said: str, fields: Mapping[str, str]
) -> events.CfnRule.InputTransformerProperty:
    message = notification(
        f"{environment}: {what}",
        said,
        [
            f"Look: runbook status {environment}",
            f"Read: runbook playbook {environment} deploy-failed",
        ],
        about=rule,
    )
    return transformer(message, fields)
