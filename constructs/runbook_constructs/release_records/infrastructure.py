"""From the event to the locked record: rules, a queue that waits, a function that writes."""

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import EventRule, let_in, rule_arn
from runbook_constructs.release_records.patterns import Watched, patterns
from runbook_constructs.worker_function import WorkerFunction

PREFIX = "releases/"
SECONDS = 60
RUNS = 2


class ReleaseRecords(Construct):
    """Each deploy, migration and production write as a JSON record in ``bucket`` (ROVN-AUD-1).

    The queue holds an event until its record is written, and hands it on to ``dead_letters`` after
    five tries. ``bucket_key`` encrypts the records, ``key`` everything on the way there.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment_name: str,
        watched: Watched,
        bucket: s3.IBucket,
        bucket_key: CustomerKey,
        key: CustomerKey,
        dead_letters: sqs.Queue,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # Six times the function's time, as Lambda's documentation asks for.
            visibility_timeout=Duration.seconds(6 * SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=5),
        )
        self.rules = self._add_rules(name, watched, dead_letters)
        let_in(self.queue, self.rules)
        function = WorkerFunction(
            self,
            "Recorder",
            name=name,
            description=f"Records of releases of {environment_name}",
            folder=Path(__file__).parent,
            entry="handler.recorder.handler",
            variables={
                "AUDIT_BUCKET": bucket.bucket_name,
                "ENVIRONMENT_NAME": environment_name,
            },
            statements=[
                iam.PolicyStatement(
                    actions=["s3:PutObject"], resources=[bucket.arn_for_objects(f"{PREFIX}*")]
                ),
                iam.PolicyStatement(
                    actions=["kms:GenerateDataKey"], resources=[bucket_key.key_arn]
                ),
                iam.PolicyStatement(
                    actions=[
                        "sqs:DeleteMessage",
                        "sqs:GetQueueAttributes",
                        "sqs:ReceiveMessage",
                    ],
                    resources=[self.queue.queue_arn],
                ),
            ],
            timeout_seconds=SECONDS,
            # More than the queue starts: what is throttled would count as a try.
            runs=RUNS + 1,
            log_group=f"/{environment_name}/release-records",
            log_retention_days=log_retention_days,
            key=key,
            dead_letters=dead_letters,
        )
        source = lambda_.CfnEventSourceMapping(
            self,
            "Source",
            function_name=function.resource.ref,
            event_source_arn=self.queue.queue_arn,
            batch_size=10,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=RUNS
            ),
        )
        source.node.add_dependency(function.policy)

    def _add_rules(self, name: str, watched: Watched, dead_letters: sqs.Queue) -> list[str]:
        found = []
        for what, pattern in patterns(watched).items():
            rule = f"{name}-{what}"
            EventRule(
                self,
                what.title().replace("-", ""),
                name=rule,
                description=f"To the records of releases: {what.replace('-', ' ')}",
                pattern=pattern,
                target=self.queue.queue_arn,
                dead_letters=dead_letters,
            )
            found.append(rule_arn(self, rule))
        return found
