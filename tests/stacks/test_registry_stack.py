"""The registry: immutable tags, scans, a history that nothing expires."""

import json

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, plain

COLLECTOR = "ecr-public/aws-observability/aws-otel-collector"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-registry"


@pytest.mark.clause("ROVN-BCK-4")
def test_the_history_of_images_is_kept(assembly: Assembly, stack: str) -> None:
    for repository in assembly.of_type(stack, "AWS::ECR::Repository").values():
        assert repository["DeletionPolicy"] == "Retain"
        assert repository["UpdateReplacePolicy"] == "Retain"
        policy = json.loads(repository["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])
        selections = [rule["selection"]["tagStatus"] for rule in policy["rules"]]
        assert selections == ["untagged"]


@pytest.mark.clause("ROVN-DEP-2")
def test_tags_never_move_and_every_image_is_scanned_and_encrypted(
    assembly: Assembly, stack: str
) -> None:
    """ROVN-DEP-2."""
    for repository in assembly.of_type(stack, "AWS::ECR::Repository").values():
        properties = repository["Properties"]
        assert properties["ImageTagMutability"] == "IMMUTABLE"
        assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
        encryption = properties["EncryptionConfiguration"]
        assert encryption["EncryptionType"] == "KMS"
        assert plain(encryption["KmsKey"]) == "<ImagesKey.Arn>"
        assert "RepositoryPolicyText" not in properties


def test_a_repository_for_each_service_and_one_for_the_collector(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    names = {
        repository["Properties"]["RepositoryName"]
        for repository in assembly.of_type(stack, "AWS::ECR::Repository").values()
    }
    assert names == {s.name for s in environment.services.values()} | {COLLECTOR}
    (mirror,) = assembly.of_type(stack, "AWS::ECR::PullThroughCacheRule").values()
    assert mirror["Properties"]["EcrRepositoryPrefix"] == COLLECTOR.split("/")[0]
    assert mirror["Properties"]["UpstreamRegistryUrl"] == "public.ecr.aws"
    # Else ECR makes the repository itself, without our key.
    assert [name[:-8] for name in mirror["DependsOn"]] == ["RegistryCollector"]
