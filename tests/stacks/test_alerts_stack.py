"""Topics of severities, the pager and the channels in Slack, in both regions."""

import re

import pytest

from runbook.alarms.severities import levels
from runbook.model.environment import IDENTITY_REGION, Environment
from tests.assembly import Assembly, plain

TOPIC, SUBSCRIPTION = "AWS::SNS::Topic", "AWS::SNS::Subscription"
SECRET, KEY, ALIAS = "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::KMS::Alias"
SLACK = "AWS::Chatbot::SlackChannelConfiguration"


def names(assembly: Assembly, stack: str) -> list[str]:
    topics = assembly.of_type(stack, TOPIC).values()
    return sorted(topic["Properties"]["TopicName"] for topic in topics)


@pytest.mark.clause("ROVN-SEV-1")
def test_each_severity_has_its_topic_where_its_alarms_are(
    assembly: Assembly, environment: Environment
) -> None:
    slug = environment.slug
    every = [f"{slug}-{level.id}" for level in levels(environment.organisation)]
    assert names(assembly, f"{slug}-alerts") == every
    assert set(names(assembly, f"{slug}-edge-alerts")) == {f"{slug}-sev-1", f"{slug}-sev-2"}
    assert assembly.environments[f"{slug}-edge-alerts"].endswith(f"/{IDENTITY_REGION}")
    assert assembly.environments[f"{slug}-alerts"].endswith(f"/{environment.region}")


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("part", ["alerts", "edge-alerts"])
def test_the_pager_is_on_the_gravest_alone_and_its_address_in_no_template(
    assembly: Assembly, environment: Environment, part: str
) -> None:
    [(logical_id, pager)] = assembly.of_type(f"{environment.slug}-{part}", SUBSCRIPTION).items()
    said = plain(pager["Properties"])
    assert (said["TopicArn"], said["Protocol"]) == ("<SeveritiesSev1>", "https")
    name = f"{environment.name}/{environment.alerting.pager_secret}"
    assert said["Endpoint"] == f"{{{{resolve:secretsmanager:{name}:SecretString}}}}"
    # CloudFormation reads the address once: raised, the generation makes another subscription.
    assert f"Pager{environment.alerting.pager_generation}" in logical_id
    assert said["RedrivePolicy"] == {"deadLetterTargetArn": "<SeveritiesDeadLetters.Arn>"}


def test_the_address_has_one_copy_under_a_key_that_no_service_opens(
    assembly: Assembly, environment: Environment
) -> None:
    slug = environment.slug
    copied = {
        secret["Properties"]["Name"]: secret["Properties"]["ReplicaRegions"]
        for secret in assembly.of_type(f"{slug}-secrets", SECRET).values()
        if "ReplicaRegions" in secret["Properties"]
    }
    alias = f"alias/{slug}/secret-replicas"
    arn = f"arn:aws:kms:{IDENTITY_REGION}:{environment.account}:{alias}"
    name = f"{environment.name}/{environment.alerting.pager_secret}"
    assert copied == {name: [{"Region": IDENTITY_REGION, "KmsKeyId": arn}]}
    [(_, found)] = assembly.of_type(f"{slug}-edge-key", ALIAS).items()
    assert found["Properties"]["AliasName"] == alias
    [(_, key)] = assembly.of_type(f"{slug}-edge-key", KEY).items()
    principals = [s["Principal"] for s in key["Properties"]["KeyPolicy"]["Statement"]]
    assert principals
    assert not any("Service" in principal for principal in principals)


def test_slack_listens_to_both_regions_and_security_apart(
    assembly: Assembly, environment: Environment
) -> None:
    slug, account = environment.slug, environment.account
    told = {
        each["Properties"]["ConfigurationName"]: plain(each["Properties"])
        for each in assembly.of_type(f"{slug}-slack", SLACK).values()
    }
    home, edge = (
        f"arn:aws:sns:{region}:{account}:{slug}" for region in (environment.region, IDENTITY_REGION)
    )
    assert set(told[f"{slug}-alarms"]["SnsTopicArns"]) == {
        *(f"{home}-sev-{number}" for number in (1, 2, 3, 4)),
        *(f"{edge}-sev-{number}" for number in (1, 2)),
    }
    assert told[f"{slug}-security"]["SnsTopicArns"] == [f"{home}-security"]
    for channel in told.values():
        assert channel["GuardrailPolicies"] == ["<SlackGuardrail>"]


def test_whatever_alarms_is_deployed_after_its_topics(
    assembly: Assembly, environment: Environment
) -> None:
    slug = environment.slug
    stands_on: dict[str, set[str]] = {}
    for manifest in assembly.manifests():
        artifacts = manifest["artifacts"]
        for artifact in artifacts.values():
            if artifact["type"] == "aws:cloudformation:stack":
                named = artifact["properties"]["stackName"]
                stands_on[named] = {
                    artifacts[each]["properties"]["stackName"]
                    for each in artifact.get("dependencies", [])
                    if artifacts[each]["type"] == "aws:cloudformation:stack"
                }

    def below(stack: str) -> set[str]:
        found = stands_on[stack]
        return found.union(*(below(each) for each in found))

    for part in (*environment.services, "alarms", "event-watch", "costs", "slack", "probes"):
        assert f"{slug}-alerts" in below(f"{slug}-{part}"), part
    assert f"{slug}-edge-alerts" in below(f"{slug}-probes")
    assert {f"{slug}-secrets", f"{slug}-edge-key"} <= below(f"{slug}-edge-alerts")


def test_no_address_of_a_pager_stands_in_any_template(assembly: Assembly) -> None:
    for template in assembly.templates.values():
        assert not re.search(r"pagerduty\.com", str(template))
