"""Two rules, and what they say to the topic that those who are on call listen to."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.chat_messages import notification
from runbook_constructs.event_rule import EventRule, rule_arn
from runbook_constructs.event_watch.messages import transformer
from runbook_constructs.secret_events.patterns import restarts, rotations

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
                _message(
                    _ROTATION,
                    f"{environment_name}: rotation of a secret",
                    "*What*: <event> of <secret>\n*When*: <time>\n*Event*: <id>",
                    [
                        f"Look: runbook secrets {environment_name}",
                        "The event is in the trail and among the records",
                    ],
                ),
            ),
            (
                "restart",
                restarts(machine),
                _message(
                    _RESTART,
                    f"{environment_name}: after a rotation new tasks did not come up",
                    "*What*: <status>; tasks go on with the value of before, which ends\n"
                    "*When*: <time>\n*Execution*, whose input names service and secret: "
                    "<execution>",
                    [f"Mend the cause, then run: runbook restart {environment_name}"],
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


def _message(
    fields: Mapping[str, str], title: str, said: str, steps: Sequence[str]
) -> events.CfnRule.InputTransformerProperty:
    return transformer(notification(title, said, steps, about="secret-events"), fields)
