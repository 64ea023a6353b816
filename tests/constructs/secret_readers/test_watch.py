"""The function in front of AWS: every page, every failure, and no silence that looks like none."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from runbook_constructs.secret_readers.handler import watch
from runbook_constructs.secret_readers.handler.account import authorization_details, key
from runbook_constructs.secret_readers.handler.identities import identities
from runbook_constructs.secret_readers.handler.page import since, text
from runbook_constructs.secret_readers.handler.statements import UnreadableError
from tests.constructs.events_read import NOTHING, event
from tests.constructs.release_gate.faults import Fault
from tests.constructs.secret_readers.world import (
    ACCOUNT,
    ENVIRONMENT,
    GET,
    IAM,
    LISTS,
    TOKEN,
    VALUE,
    World,
    allow,
)

Json = Any
EMPTY: Mapping[str, Json] = {
    "UserDetailList": [],
    "GroupDetailList": [],
    "RoleDetailList": [],
    "Policies": [],
}


def test_nobody_is_paged_when_nobody_is_found(world: World) -> None:
    assert watch.handler({}, None) == {"found": 0}
    assert world.pages == []
    assert world.counted == [0.0]


def test_the_hourly_look_finds_what_no_event_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.role("x", allow(GET))
    scheduled = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    assert watch.handler(scheduled, None) == {"found": 1}
    (page,) = world.pages
    assert "Since: not known; the hourly look found it, no event told of it." in page["Message"]
    assert "still keeps them out: drift" in page["Message"]
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["what"] for line in logged] == ["found", "looked"]
    assert logged[0]["by"] == ["inline policy inline, statement 1"]


def test_a_page_ends_and_the_log_does_not(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(23):
        world.role(f"x{number:02}", allow(GET))
    assert watch.handler(event("attach-role-policy"), None) == {"found": 23}
    (page,) = world.pages
    assert page["Message"].count("\n- ") == 20
    assert "… and 3 more, in the log" in page["Message"]
    assert capsys.readouterr().out.count('"found", "who"') == 23


def test_no_value_is_ever_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.role("x", allow("*"))
    watch.handler(event("put-role-policy"), None)
    assert VALUE not in capsys.readouterr().out + json.dumps(world.pages)


def unread(world: World, told: Mapping[str, Json] | None = None) -> str:
    """Run, and take why nobody could look; that is paged, and not counted."""
    with pytest.raises(watch.UnseenError) as raised:
        watch.handler(told or event("put-role-policy"), None)
    (page,) = world.pages
    assert page["Subject"] == "rovn/production: who reads secrets is not known"
    assert str(raised.value) in page["Message"]
    assert "by arn:aws:sts::111122223333:assumed-role/administrator/someone" in page["Message"]
    assert world.counted == []
    return str(raised.value)


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("get_account_authorization_details", "get_account_authorization_details"),
        ("describe_secret", "describe_secret"),
        ("get_resource_policy", "get_resource_policy"),
        ("get_key_policy", "get_key_policy"),
        ("list_grants", "list_grants"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "code"),
    [("aws error", "AccessDeniedException"), ("throttled", "ThrottlingException")],
)
def test_what_cannot_be_read_pages_and_fails(
    world: World, operation: str, named: str, kind: str, code: str
) -> None:
    world.fault = Fault(operation, 1, kind, lasting=True)
    assert unread(world) == f"{named} answered {code}"


def test_a_second_secret_that_cannot_be_read_is_not_passed_over(world: World) -> None:
    world.fault = Fault("get_resource_policy", 2, "aws error")
    assert unread(world) == "get_resource_policy answered AccessDeniedException"


def test_a_network_that_is_gone_pages_its_kind_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam.amazonaws.com")

    monkeypatch.setattr(watch, "authorization_details", gone)
    assert unread(world) == "EndpointConnectionError"


def test_a_secret_that_is_not_there_pages(world: World) -> None:
    world.real("secretsmanager").delete_secret(
        SecretId="rovn/production/stripe-api-key", ForceDeleteWithoutRecovery=True
    )
    assert unread(world) == "DescribeSecret answered ResourceNotFoundException"


def test_a_secret_under_no_key_of_its_own_pages(world: World) -> None:
    client = world.real("secretsmanager")
    client.delete_secret(SecretId="rovn/production/stripe-api-key", ForceDeleteWithoutRecovery=True)
    client.create_secret(Name="rovn/production/stripe-api-key", SecretString=VALUE)
    assert unread(world) == ("secret stripe-api-key is under the key of AWS: no key of ours")


def test_a_copy_in_another_region_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    described = world.real("secretsmanager").describe_secret
    copies = [{"Region": "eu-west-1", "Status": "InSync"}]
    monkeypatch.setattr(
        world.real("secretsmanager"),
        "describe_secret",
        lambda **kwargs: described(**kwargs) | {"ReplicationStatus": copies},
    )
    watch.handler({}, None)
    (page,) = world.pages
    assert "a copy in eu-west-1, which nobody looks at" in page["Message"]
    assert page["Subject"].startswith("SEV 1: ")


def test_a_copy_that_belongs_there_is_looked_at_for_who_is_granted_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {**LISTS, "copies": {TOKEN: ["us-east-1"]}}
    monkeypatch.setenv("LISTS", json.dumps(told))
    described = world.real("secretsmanager").describe_secret
    copies = {f"{ENVIRONMENT}/{TOKEN}": [{"Region": "us-east-1", "Status": "InSync"}]}
    monkeypatch.setattr(
        world.real("secretsmanager"),
        "describe_secret",
        lambda SecretId: (  # noqa: N803 - boto3
            described(SecretId=SecretId) | {"ReplicationStatus": copies.get(SecretId, [])}
        ),
    )
    copy = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{ENVIRONMENT}/{TOKEN}-*"
    world.role("x", allow(GET, copy))
    watch.handler({}, None)
    (page,) = world.pages
    assert f"role/x may {GET}" in page["Message"]
    assert "a copy in" not in page["Message"]


def test_what_nobody_publishes_fails_and_is_counted(world: World) -> None:
    world.role("x", allow(GET))
    world.fault = Fault("publish", 1, "aws error", lasting=True)
    with pytest.raises(ClientError):
        watch.handler({}, None)
    assert world.counted == [1.0]


def test_what_nobody_counts_is_published_and_fails(world: World) -> None:
    world.role("x", allow(GET))
    world.fault = Fault("put_metric_data", 1, "aws error", lasting=True)
    with pytest.raises(ClientError):
        watch.handler({}, None)
    assert len(world.pages) == 1


def test_a_failure_that_nobody_publishes_fails(world: World) -> None:
    world.fault = Fault("get_account_authorization_details", 1, "aws error", lasting=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECURITY_TOPIC", "arn:aws:sns:us-east-2:123456789012:gone")
        with pytest.raises(ClientError, match="NotFound"):
            watch.handler({}, None)
    assert world.counted == []


@pytest.mark.parametrize(
    "changes",
    [
        {"people": []},
        {"readers": {}},
        {"trusted": {}},
        {"people": NOTHING},
        {"account": NOTHING},
        {"executors": NOTHING},
    ],
)
def test_without_lists_it_does_not_start(
    world: World, changes: dict[str, Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {k: v for k, v in (LISTS | changes).items() if v is not NOTHING}
    monkeypatch.setenv("LISTS", json.dumps(told))
    with pytest.raises((KeyError, ValueError)):
        watch.handler({}, None)
    assert world.calls == []


@pytest.fixture
def stubs() -> Iterator[dict[str, tuple[Json, Stubber]]]:
    made: dict[str, tuple[Json, Stubber]] = {}
    services: list[Json] = ["iam", "kms"]
    for service in services:
        client = boto3.client(service, region_name="us-east-2")
        made[service] = (client, Stubber(client))
        made[service][1].activate()
    yield made
    for _, stubber in made.values():
        stubber.assert_no_pending_responses()
        stubber.deactivate()


def role(name: str, **more: Json) -> Json:
    trust = {"Version": "2012-10-17", "Statement": []}
    return {
        "RoleName": name,
        "Arn": f"{IAM}:role/{name}",
        "AssumeRolePolicyDocument": trust,
        "RolePolicyList": [],
        "AttachedManagedPolicies": [],
    } | more


def test_every_page_of_iam_is_read(stubs: dict[str, tuple[Json, Stubber]]) -> None:
    client, stubber = stubs["iam"]
    names = [["one", "two"], [], ["three"]]
    for index, page in enumerate(names):
        told = [
            {"RoleName": name, "Arn": f"{IAM}:role/{name}", "RolePolicyList": []} for name in page
        ]
        last = index + 1 == len(names)
        more = {"IsTruncated": not last, **({} if last else {"Marker": f"m{index + 1}"})}
        asked = {"Marker": f"m{index}"} if index else {}
        stubber.add_response(
            "get_account_authorization_details", {**EMPTY, "RoleDetailList": told, **more}, asked
        )
    found = authorization_details(lambda _: client)
    assert [one["RoleName"] for one in found["RoleDetailList"]] == ["one", "two", "three"]


def test_every_grant_of_a_key_is_read(stubs: dict[str, tuple[Json, Stubber]]) -> None:
    client, stubber = stubs["kms"]
    arn = "arn:aws:kms:us-east-2:123456789012:key/0a1b2c3d-0000-4000-8000-00000000abcd"
    stubber.add_response("get_key_policy", {"Policy": '{"Statement": []}'})
    for number, more in ((1, {"Truncated": True, "NextMarker": "m"}), (2, {"Truncated": False})):
        grant = {"GrantId": str(number), "GranteePrincipal": "g", "Operations": ["Decrypt"]}
        stubber.add_response("list_grants", {"Grants": [grant], **more})
    found = key(lambda _: client, arn)
    assert found.grants == (("1", "g", ("Decrypt",)), ("2", "g", ("Decrypt",)))


@pytest.mark.parametrize(
    ("details", "message"),
    [
        (
            {"RoleDetailList": [role("x", AttachedManagedPolicies=[{"PolicyArn": "arn:p"}])]},
            "IAM names the policy arn:p and does not describe it",
        ),
        (
            {"UserDetailList": [{"UserName": "u", "Arn": f"{IAM}:user/u", "GroupList": ["g"]}]},
            "IAM names the group g and does not describe it",
        ),
        (
            {"Policies": [{"Arn": "arn:p", "PolicyVersionList": [{"VersionId": "v1"}]}]},
            "policy arn:p has no version that is in force",
        ),
    ],
)
def test_half_an_answer_is_none(details: dict[str, Json], message: str) -> None:
    with pytest.raises(UnreadableError, match=f"^{message}$"):
        identities({**EMPTY, **details})


def test_a_boundary_that_nobody_can_read_limits_nothing() -> None:
    """AWS lists its own policies where they are attached; as a boundary alone it may not."""
    unread = {"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/X"}}
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": [allow(GET)]}}
    (found,) = identities(
        {**EMPTY, "RoleDetailList": [role("x", RolePolicyList=[policy], **unread)]}
    )
    assert found.boundary is None
    assert found.may(GET, "arn:aws:secretsmanager:us-east-2:123456789012:secret:y")


def test_an_event_of_which_little_is_told() -> None:
    bare = {"detail": {"eventName": "PutRolePolicy", "errorCode": "AccessDenied"}}
    assert since(bare) == (
        "Since: PutRolePolicy by somebody who is not named from an address that is not told at a "
        "time that is not told, event without id, refused: AccessDenied."
    )
    assert "Find event of the change in the trail" in text("rovn/production", [], {})
