"""What tasks may do, statement by statement (ROVN-SEC-2)."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from runbook.model.services import FallbackModel
from runbook_constructs.registry import repository_arn


def pull_images(scope: Construct, repositories: Sequence[str]) -> list[iam.PolicyStatement]:
    """Pull from these repositories; the token for it knows no resource."""
    return [
        iam.PolicyStatement(
            sid="PullImages",
            actions=[
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            resources=[repository_arn(scope, name) for name in repositories],
        ),
        iam.PolicyStatement(
            sid="LogInToRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"]
        ),
    ]


def mirror_image(scope: Construct, repository: str) -> iam.PolicyStatement:
    """Have ECR fetch an image into its mirror on the first pull."""
    return iam.PolicyStatement(
        sid="MirrorOnFirstPull",
        actions=["ecr:BatchImportUpstreamImage"],
        resources=[repository_arn(scope, repository)],
    )


def write_logs(scope: Construct, streams: Mapping[str, str]) -> iam.PolicyStatement:
    """Write to streams of these groups, by group: ECS names one ``<container>/<container>/<task>``.

    The prefix of a stream is the container's name here, always (``logs_to``).
    """
    stack = Stack.of(scope)
    base = f"arn:aws:logs:{stack.region}:{stack.account}:log-group"
    return iam.PolicyStatement(
        sid="WriteLogs",
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[
            f"{base}:{group}:log-stream:{container}/{container}/*"
            for group, container in streams.items()
        ],
    )


def read_secrets(arns: Sequence[str], key: kms.IKey) -> list[iam.PolicyStatement]:
    """Read these secrets and decrypt them, through Secrets Manager only."""
    region = Stack.of(key).region
    return [
        iam.PolicyStatement(
            sid="ReadSecrets", actions=["secretsmanager:GetSecretValue"], resources=list(arns)
        ),
        iam.PolicyStatement(
            sid="DecryptSecrets",
            actions=["kms:Decrypt"],
            resources=[key.key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}
            },
        ),
    ]


def send_traces() -> iam.PolicyStatement:
    """Send spans to X-Ray, which knows no resource for it."""
    return iam.PolicyStatement(
        sid="SendTraces",
        actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        resources=["*"],
    )


def invoke_models(
    scope: Construct, models: Sequence[FallbackModel], endpoint_id: str
) -> list[iam.PolicyStatement]:
    """Invoke these models, only by their inference profile, only by the endpoint (ROVN-ALM-8).

    A profile hands a request on to one of its regions: the models there are allowed to nobody
    who does not come through the profile.
    """
    stack = Stack.of(scope)
    actions = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    statements = []
    for number, model in enumerate(models, 1):
        profile = (
            f"arn:aws:bedrock:{stack.region}:{stack.account}:inference-profile/"
            f"{model.profile}.{model.model_id}"
        )
        statements += [
            iam.PolicyStatement(
                sid=f"InvokeProfile{number}",
                actions=actions,
                resources=[profile],
                conditions={"StringEquals": {"aws:SourceVpce": endpoint_id}},
            ),
            iam.PolicyStatement(
                sid=f"InvokeModel{number}",
                actions=actions,
                resources=[
                    f"arn:aws:bedrock:{region}::foundation-model/{model.model_id}"
                    for region in model.regions
                ],
                conditions={"StringEquals": {"bedrock:InferenceProfileArn": profile}},
            ),
        ]
    return statements


def move_traffic(
    target_groups: Sequence[str], listeners: Sequence[str], rules: Sequence[str]
) -> list[iam.PolicyStatement]:
    """Register tasks and shift traffic between these target groups (ROVN-DEP-4)."""
    return [
        iam.PolicyStatement(
            sid="Look",
            actions=[
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            sid="RegisterTargets",
            actions=[
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:RegisterTargets",
            ],
            resources=list(target_groups),
        ),
        iam.PolicyStatement(
            sid="ShiftTraffic",
            actions=["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"],
            resources=[*listeners, *rules],
        ),
    ]
