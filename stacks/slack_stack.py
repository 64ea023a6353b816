"""The channels in Slack."""

from constructs import Construct

from runbook.access.guard_rails import WATCH_BOUNDARY
from runbook.access.principals import Principals
from runbook.alarms.delivery import slack_channels
from runbook.model.environment import Environment
from runbook_constructs.slack_channels import SlackChannels
from stacks.runbook_stack import RunbookStack


class SlackStack(RunbookStack):
    """Alarms in their channel, pages of the detector in security's (ROVN-SEV-1, ALL-3).

    It knows the topics of both regions by the names that they have by convention, so it stands
    after them: a configuration that names none that is there shows nothing.
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="slack",
            description="Channels in Slack",
            stateful=False,
            boundary=WATCH_BOUNDARY,
        )
        principals = Principals(environment)
        SlackChannels(
            self,
            "Slack",
            role_name=principals.slack.rpartition("/")[2],
            policy_name=principals.named("slack-guardrail"),
            workspace=environment.alerting.slack_workspace,
            channels=slack_channels(environment),
        )
