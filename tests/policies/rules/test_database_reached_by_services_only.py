"""database-reached-by-services-only."""

import pytest

from policies.rules.database_reached_by_services_only import RULE
from policies.templates.assembly import Template
from tests.policies.rules.databases import data, instance
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

GROUP, INGRESS = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
EGRESS = "AWS::EC2::SecurityGroupEgress"
NOWHERE = [{"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}]
TASKS = {"Fn::ImportValue": "Tasks"}
MIGRATIONS = {"Fn::ImportValue": "Migrations"}
OTHERS = {"Fn::GetAtt": ["Others", "GroupId"]}


def group(**properties: object) -> Json:
    return {"Type": GROUP, "Properties": {"SecurityGroupEgress": NOWHERE} | properties}


def permission(source: object = TASKS, **given: object) -> Json:
    said = {"IpProtocol": "tcp", "FromPort": 15432, "ToPort": 15432}
    return said | {"SourceSecurityGroupId": source} | given


def ingress(source: object = TASKS, **given: object) -> Json:
    own = {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}} | permission(source, **given)
    kept = {key: value for key, value in own.items() if value is not None}
    return {"Type": INGRESS, "Properties": kept}


def service(name: str = "rovn-passport-api") -> Template:
    """Write the service's stack: its tasks carry one group."""
    groups = [{"Fn::GetAtt": ["Tasks", "GroupId"]}]
    network = {"AwsvpcConfiguration": {"SecurityGroups": groups}}
    outputs = {
        "Tasks": {"Value": groups[0], "Export": {"Name": "Tasks"}},
    }
    resources = {
        "Tasks": {"Type": GROUP},
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {"ServiceName": name, "NetworkConfiguration": network},
        },
    }
    return template("passport-api", resources, Outputs=outputs)


def gate() -> Template:
    """Write the release gate's stack: its migrations carry another group."""
    output = {"Value": {"Ref": "Migrations"}, "Export": {"Name": "Migrations"}}
    outputs = {"PassportApiMigrationsSecurityGroup": output}
    return template("release-gate", {"Migrations": {"Type": GROUP}}, Outputs=outputs)


def judged_on(resource: str, changed: Json, stack: Template | None = None) -> str:
    others = {"Group": group(), "Others": {"Type": GROUP}} | changed
    return verdicts(RULE, data(instance(), **others), stack or service(), gate())[resource]


def test_tasks_and_migrations_may_connect() -> None:
    assert judged_on("In", {"In": ingress()}) == "pass"
    assert judged_on("In", {"In": ingress(MIGRATIONS, IpProtocol="6")}) == "pass"
    inline = group(SecurityGroupIngress=[permission(), permission(MIGRATIONS)])
    assert judged_on("Group", {"Group": inline}) == "pass"
    assert judged_on("Database", {}) == "pass"


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("rovn-production-rotate-database-master", "pass"),
        ("rovn-production-rotate-database-application", "pass"),
        ("rovn-production-rotate-admin-token", "in, which is no service of this environment"),
        ("another", "in, which is no service of this environment"),
    ],
)
def test_what_rotates_its_users_may_connect(name: str, ending: str) -> None:
    inside = {"SecurityGroupIds": [{"Fn::GetAtt": ["Others", "GroupId"]}]}
    function = {"FunctionName": name, "VpcConfig": inside}
    rotates = {"Type": "AWS::Lambda::Function", "Properties": function}
    told = judged_on("In", {"In": ingress(OTHERS), "Rotates": rotates})
    assert told.endswith(ending)


FOREIGN = "in, which is no service of this environment"
WIDE = "in, not the database's port alone"
OTHER = "<rovn-production-data/Others.GroupId>"
TASK = "<rovn-production-passport-api/Tasks.GroupId>"
CASES = [
    (permission(OTHERS), f"it lets tcp 15432 from {OTHER} {FOREIGN}"),
    (permission("sg-1"), f"it lets tcp 15432 from sg-1 {FOREIGN}"),
    (permission(None, CidrIp="10.20.0.0/16"), f"it lets tcp 15432 from 10.20.0.0/16 {FOREIGN}"),
    (permission(None, CidrIpv6="::/0"), f"it lets tcp 15432 from ::/0 {FOREIGN}"),
    (permission(None, SourcePrefixListId="pl-1"), f"it lets tcp 15432 from pl-1 {FOREIGN}"),
    (permission(FromPort=0), f"it lets tcp 0-15432 from {TASK} {WIDE}"),
    (permission(IpProtocol="-1"), f"it lets everything from {TASK} {WIDE}"),
    (permission(IpProtocol="udp"), f"it lets udp 15432 from {TASK} {WIDE}"),
]


@pytest.mark.parametrize(("given", "message"), CASES)
def test_nobody_else_may_connect(given: Json, message: str) -> None:
    given = {key: value for key, value in given.items() if value is not None}
    inline = group(SecurityGroupIngress=[permission(), given])
    assert judged_on("Group", {"Group": inline}) == message
    apart = ingress(**given) if "SourceSecurityGroupId" not in given else ingress()
    apart["Properties"] |= given
    if "SourceSecurityGroupId" not in given:
        del apart["Properties"]["SourceSecurityGroupId"]
    assert judged_on("In", {"In": apart}) == message


def test_a_service_that_the_file_does_not_name_may_not_connect() -> None:
    message = judged_on("In", {"In": ingress()}, service("other"))
    assert message == f"it lets tcp 15432 from {TASK} {FOREIGN}"


OUT = "it lets the database open connections itself"
UNSET = "SecurityGroupEgress is not set: AWS lets everything out"


@pytest.mark.parametrize(
    ("egress", "message"),
    [
        ([], UNSET),
        ([{"CidrIp": "127.0.0.1/32", "IpProtocol": "-1"}], "pass"),
        ([*NOWHERE, {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}], OUT),
        ([{"DestinationSecurityGroupId": "sg-1", "IpProtocol": "-1"}], OUT),
    ],
)
def test_it_opens_no_connection_itself(egress: list[Json], message: str) -> None:
    assert judged_on("Group", {"Group": group(SecurityGroupEgress=egress)}) == message


def test_egress_apart_from_the_group_fails() -> None:
    properties = {"GroupId": {"Ref": "Group"}, "CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}
    assert judged_on("Out", {"Out": {"Type": EGRESS, "Properties": properties}}) == OUT


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"VPCSecurityGroups": None},
            "VPCSecurityGroups is not set: it stands in the VPC's default group",
        ),
        (
            {"VPCSecurityGroups": ["sg-1"]},
            "it carries the security group sg-1, which is in no template",
        ),
        (
            {"DBSecurityGroups": ["open"]},
            "DBSecurityGroups lets others in past its security groups",
        ),
        (
            {"VPCSecurityGroups": [OPEN]},
            "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed",
        ),
    ],
)
def test_its_groups_are_known(changed: Json, message: str) -> None:
    found = verdicts(RULE, data(instance(**changed), Group=group()), service())
    assert found["Database"] == message


def test_what_is_open_fails() -> None:
    assert "${SomeParameter} is open" in judged_on("In", {"In": ingress(OPEN)})
    assert "GroupId: ${SomeParameter} is open" in judged_on("In", {"In": ingress(GroupId=OPEN)})
    assert judged_on("In", {"In": ingress(GroupId=None)}) == (
        "GroupId is not set, so nobody can tell which group it adds to"
    )


def test_other_groups_are_not_looked_at() -> None:
    assert judged_on("Others", {}) == "not_applicable"
    assert judged_on("In", {"In": ingress(GroupId=OTHERS)}) == "not_applicable"


def test_only_this_rule_sees_another_group_let_in(real: Real) -> None:
    """By a rule in the service's stack, about a group of the data stack."""

    def spoil(body: Json) -> None:
        rule = properties(body, INGRESS, "NetworkAppToDatabaseIngress")
        balancer = properties(body, INGRESS, "NetworkBalancerIngress")
        rule["SourceSecurityGroupId"] = balancer["SourceSecurityGroupId"]

    assert real.caught("passport-api", spoil) == {(RULE.id, "NetworkAppToDatabaseIngress")}
