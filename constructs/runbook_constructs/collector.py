"""The OpenTelemetry collector beside each task: takes spans, keeps a share, sends it to X-Ray."""

import json

from aws_cdk import aws_ecs as ecs

from runbook.model.tracing import COLLECTOR_HEALTH_PORT, COLLECTOR_OTLP_PORT, Tracing

NAME = "collector"
ENDPOINT = f"http://127.0.0.1:{COLLECTOR_OTLP_PORT}"
# Older and newer semantic conventions of OpenTelemetry for a request's path.
PATH_ATTRIBUTES = ("http.target", "url.path")


def collector_configuration(tracing: Tracing, region: str) -> str:
    """Write the collector's configuration (ROVN-TRC-1), as JSON, which is YAML, too.

    A trace is kept when any policy says so: the paths traced in full, or the share of the rest.
    """
    policies = [
        {
            "name": f"always {path} by {attribute}",
            "type": "string_attribute",
            "string_attribute": {
                "key": attribute,
                "values": ["^" + path.replace(".", r"\.").replace("*", ".*") + "$"],
                "enabled_regex_matching": True,
            },
        }
        for path in tracing.always
        for attribute in PATH_ATTRIBUTES
    ]
    share = {
        "name": "the rest",
        "type": "probabilistic",
        "probabilistic": {"sampling_percentage": tracing.percent},
    }
    configuration = {
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{COLLECTOR_HEALTH_PORT}"}},
        "receivers": {
            "otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{COLLECTOR_OTLP_PORT}"}}}
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": 192},
            "tail_sampling": {"decision_wait": "10s", "policies": [*policies, share]},
            "batch": {},
        },
        "exporters": {"awsxray": {"region": region}},
        "service": {
            "extensions": ["health_check"],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "tail_sampling", "batch"],
                    "exporters": ["awsxray"],
                }
            },
        },
    }
    return json.dumps(configuration, separators=(",", ":"))


def collector_container(
    *,
    image: str,
    configuration: str,
    user: str,
    linux_parameters: ecs.CfnTaskDefinition.LinuxParametersProperty,
    log_configuration: ecs.CfnTaskDefinition.LogConfigurationProperty,
) -> ecs.CfnTaskDefinition.ContainerDefinitionProperty:
    """Describe the container; its end does not end the task, which serves on without traces."""
    of_task = ecs.CfnTaskDefinition
    return of_task.ContainerDefinitionProperty(
        name=NAME,
        image=image,
        essential=False,
        cpu=128,
        memory=256,
        user=user,
        privileged=False,
        readonly_root_filesystem=True,
        linux_parameters=linux_parameters,
        environment=[of_task.KeyValuePairProperty(name="AOT_CONFIG_CONTENT", value=configuration)],
        health_check=of_task.HealthCheckProperty(
            command=["CMD", "/healthcheck"], interval=10, timeout=5, retries=3, start_period=10
        ),
        restart_policy=of_task.RestartPolicyProperty(enabled=True),
        log_configuration=log_configuration,
    )
