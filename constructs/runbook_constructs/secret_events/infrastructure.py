"""Two rules, and what they say to the topic that those who are on call listen to."""

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook_constructs.event_rule import EventRule, rule_arn
from runbook_constructs.secret_events.patterns import restarts, rotations
from runbook_constructs.slack_message import slack_message

_ROTATION = {
    "event": "$.detail.eventName",
    "id": "$.detail.eventID",
    "secret": "$.detail.additionalEventData.SecretId",
    "time": "$.detail.eventTime",
}
_RESTART = {
    "execution": "$.detail.executionArn",
    "status": "$.detail.status",
    "time": "$.time",
}


class SecretEvents(Construct):
    """Every rotation, and each restart after one that failed, is told to ``topic`` (ROVN-SEC-5).

    ``secrets`` is how the ARNs of the environment's secrets begin, ``machine`` the ARN of the
    state machine that restarts. ``rules`` are the ARNs of those that tell.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment_name: str,
        secrets: str,
        machine: str,
        topic: sns.ITopic,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, id_)
        self.rules = []
        for what, pattern, message in (
            (
                "rotation",
                rotations(secrets),
                slack_message(
                    _ROTATION,
                    title=f"{environment_name}: rotation of a secret",
                    text=f"{environment_name}: <event> at <time> for <secret>. Look: runbook "
                    f"secrets {environment_name}; event <id> is in the trail, and a record.",
                ),
            ),
            (
                "restart",
                restarts(machine),
                slack_message(
                    _RESTART,
                    title=f"{environment_name}: tasks did not come up after a rotation",
                    text=f"{environment_name}: after a rotation new tasks did not come up: "
                    "<status> at <time>. Tasks have the value of before, which ends. Input of "
                    "<execution> names service, secret; mend the cause, then run: runbook "
                    f"restart {environment_name}",
                ),
            ),
        ):
            rule = f"{name}-{what}"
            EventRule(
                self,
                what.title(),
                name=rule,
                description=f"To those on call: {what}s of secrets",
                pattern=pattern,
                target=topic.topic_arn,
                dead_letters=dead_letters,
                messages=[message],
            )
            self.rules.append(rule_arn(self, rule))
