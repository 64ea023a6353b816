"""The platform: one way in, over TLS, behind a web ACL, all of it logged."""

import re
from typing import Any

import pytest

from runbook.model.environment import Environment
from runbook.phi_identifiers import FIELDS, expression_of
from tests.assembly import Assembly, plain

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-platform"


@pytest.fixture
def listeners(assembly: Assembly, stack: str) -> dict[int, dict[str, Any]]:
    found = assembly.of_type(stack, LISTENER).values()
    return {listener["Properties"]["Port"]: listener["Properties"] for listener in found}


@pytest.fixture
def acl(assembly: Assembly, stack: str) -> dict[str, Any]:
    (acl,) = assembly.of_type(stack, "AWS::WAFv2::WebACL").values()
    properties: dict[str, Any] = acl["Properties"]
    return properties


@pytest.mark.clause("ROVN-ALM-4")
def test_the_cluster_is_watched(assembly: Assembly, environment: Environment, stack: str) -> None:
    (cluster,) = assembly.of_type(stack, "AWS::ECS::Cluster").values()
    assert cluster["Properties"]["ClusterName"] == environment.slug
    assert cluster["Properties"]["ClusterSettings"] == [
        {"Name": "containerInsights", "Value": "enhanced"}
    ]


def test_every_listener_speaks_modern_tls_and_knows_nothing_by_itself(
    environment: Environment, listeners: dict[int, dict[str, Any]]
) -> None:
    assert set(listeners) == {443, environment.load_balancer.test_port}
    for listener in listeners.values():
        assert listener["Protocol"] == "HTTPS"
        assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
        assert plain(listener["LoadBalancerArn"]) == "<IngressBalancer>"
        assert plain(listener["Certificates"]) == [{"CertificateArn": "<IngressCertificate>"}]
        (default,) = listener["DefaultActions"]
        assert default == {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


@pytest.mark.clause("ROVN-NET-1")
def test_the_name_leads_straight_to_the_balancer(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    template = assembly.template(stack)
    types = {
        resource["Type"]
        for t in assembly.templates.values()
        for resource in t["Resources"].values()
    }
    assert not any(kind.startswith("AWS::CloudFront::") for kind in types)
    (certificate,) = assembly.of_type(stack, "AWS::CertificateManager::Certificate").values()
    (service,) = environment.services.values()
    assert certificate["Properties"]["DomainName"] == service.ingress.hostname
    assert certificate["Properties"]["ValidationMethod"] == "DNS"
    record = template["Outputs"]["RecordPassportApi"]
    assert plain(record["Value"]) == f"{service.ingress.hostname} CNAME <IngressBalancer.DNSName>"
    assert record["Description"] == "Record to create, DNS only, no CDN"


def test_only_the_production_port_is_open_to_the_internet(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (group,) = assembly.of_type(stack, "AWS::EC2::SecurityGroup").values()
    (ingress,) = group["Properties"]["SecurityGroupIngress"]
    assert (ingress["CidrIp"], ingress["FromPort"], ingress["ToPort"]) == ("0.0.0.0/0", 443, 443)
    (test,) = assembly.of_type(stack, "AWS::EC2::SecurityGroupIngress").values()
    assert test["Properties"]["FromPort"] == environment.load_balancer.test_port
    assert plain(test["Properties"]["SourcePrefixListId"]) == "<IngressOwnAddresses>"
    assert plain(test["Properties"]["GroupId"]) == "<IngressGroup.GroupId>"
    (addresses,) = assembly.of_type(stack, "AWS::EC2::PrefixList").values()
    entries = [plain(entry["Cidr"]) for entry in addresses["Properties"]["Entries"]]
    assert len(entries) == len(environment.availability_zones)
    assert all("NatAddresses" in entry and entry.endswith("/32") for entry in entries)


def test_the_balancer_is_hardened_and_logged(assembly: Assembly, stack: str) -> None:
    (balancer,) = assembly.of_type(stack, BALANCER).values()
    attributes = {
        attribute["Key"]: plain(attribute["Value"])
        for attribute in balancer["Properties"]["LoadBalancerAttributes"]
    }
    assert attributes == {
        "deletion_protection.enabled": "true",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "routing.http.desync_mitigation_mode": "strictest",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "<BalancerLogs>",
        "access_logs.s3.prefix": "access",
        "connection_logs.s3.enabled": "true",
        "connection_logs.s3.bucket": "<BalancerLogs>",
        "connection_logs.s3.prefix": "connection",
    }
    groups = plain(balancer["Properties"]["SecurityGroups"])
    assert groups == ["<IngressGroup.GroupId>"]
    # Without its policy the bucket refuses the balancer, and the balancer its creation.
    assert any(name.startswith("BalancerLogsPolicy") for name in balancer["DependsOn"])


def test_only_the_delivery_of_logs_writes_into_their_bucket(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    policy = assembly.named(stack, "AWS::S3::BucketPolicy", "BalancerLogsPolicy")["Properties"]
    granted = [
        statement
        for statement in plain(policy["PolicyDocument"]["Statement"])
        if statement["Effect"] == "Allow"
    ]
    access, connection = (
        f"<BalancerLogs.Arn>/{kind}/AWSLogs/{environment.account}/*"
        for kind in ("access", "connection")
    )
    # Of Elastic Load Balancing in us-east-2, as AWS documents it.
    balancing = {"AWS": "arn:aws:iam::033677994240:root"}
    delivery = {"Service": "delivery.logs.amazonaws.com"}
    put: dict[str, Any] = {"Effect": "Allow", "Action": "s3:PutObject"}
    owned = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    look = {"Effect": "Allow", "Action": "s3:GetBucketAcl", "Principal": delivery}
    assert granted == [
        put | {"Principal": balancing, "Resource": access},
        put | {"Principal": delivery, "Resource": [access, connection], "Condition": owned},
        look | {"Resource": "<BalancerLogs.Arn>"},
        put | {"Principal": balancing, "Resource": connection},
    ]


@pytest.mark.clause("ROVN-HLT-2")
def test_the_web_acl_closes_paths_however_they_are_written(
    environment: Environment, acl: dict[str, Any]
) -> None:
    first = acl["Rules"][0]
    assert (first["Priority"], first["Action"]) == (0, {"Block": {}})
    path, outside = first["Statement"]["AndStatement"]["Statements"]
    match = path["ByteMatchStatement"]
    assert match["FieldToMatch"] == {"UriPath": {}}
    assert (match["PositionalConstraint"], match["SearchString"]) == ("STARTS_WITH", "/debug/")
    assert [t["Type"] for t in match["TextTransformations"]] == [
        "URL_DECODE",
        "NORMALIZE_PATH",
        "LOWERCASE",
    ]
    assert [t["Priority"] for t in match["TextTransformations"]] == [0, 1, 2]
    own = outside["NotStatement"]["Statement"]["IPSetReferenceStatement"]["Arn"]
    assert plain(own) == "<WebAclOwnAddresses.Arn>"
    (service,) = environment.services.values()
    assert service.ingress.closed_paths == ("/debug/*",)


def test_the_web_acl_blocks_by_every_rule_and_group(
    environment: Environment, acl: dict[str, Any]
) -> None:
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    assert set(rules) == {
        "ClosedPath1",
        "RequestRate",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    }
    assert acl["DefaultAction"] == {"Allow": {}}
    assert [rule["Priority"] for rule in acl["Rules"]] == list(range(len(rules)))
    for name, rule in rules.items():
        managed = name.startswith("AWS")
        if managed:
            group = rule["Statement"]["ManagedRuleGroupStatement"]
            # What it only counts is told below.
            assert group.keys() <= {"Name", "VendorName", "RuleActionOverrides"}
            assert (group["Name"], group["VendorName"]) == (name, "AWS")
        assert rule["OverrideAction" if managed else "Action"] == {
            "None" if managed else "Block": {}
        }
        assert rule["VisibilityConfig"]["SampledRequestsEnabled"] is False
    rate = rules["RequestRate"]["Statement"]["RateBasedStatement"]
    assert rate["Limit"] == environment.load_balancer.requests_per_5_minutes
    assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 300)


def test_a_body_of_more_than_8_kb_is_counted_and_not_turned_away(acl: dict[str, Any]) -> None:
    """The common rules block it: no document, and no conversation with a model, would pass."""
    overrides = {
        rule["Name"]: rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides")
        for rule in acl["Rules"]
        if rule["Name"].startswith("AWS")
    }
    assert {name: of for name, of in overrides.items() if of} == {
        "AWSManagedRulesCommonRuleSet": [
            {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}
        ]
    }


def test_the_web_acl_stands_before_the_balancer_and_writes_no_credential(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (association,) = assembly.of_type(stack, "AWS::WAFv2::WebACLAssociation").values()
    assert plain(association["Properties"]) == {
        "ResourceArn": "<IngressBalancer>",
        "WebACLArn": "<WebAcl.Arn>",
    }
    for kind in ("WebACL", "IPSet"):
        (resource,) = assembly.of_type(stack, f"AWS::WAFv2::{kind}").values()
        assert resource["Properties"]["Scope"] == "REGIONAL"
    (own,) = assembly.of_type(stack, "AWS::WAFv2::IPSet").values()
    addresses = plain(own["Properties"]["Addresses"])
    assert len(addresses) == len(environment.availability_zones)
    assert all("NatAddresses" in a and a.endswith("/32") for a in addresses)
    (logging,) = assembly.of_type(stack, "AWS::WAFv2::LoggingConfiguration").values()
    assert logging["Properties"]["RedactedFields"] == [
        {"SingleHeader": {"Name": "authorization"}},
        {"SingleHeader": {"Name": "cookie"}},
        {"QueryString": {}},
    ]
    (destination,) = logging["Properties"]["LogDestinationConfigs"]
    assert plain(destination).endswith(":log-group:<WebAclLog>")


@pytest.fixture
def log_groups(assembly: Assembly, stack: str) -> dict[str, dict[str, Any]]:
    found = assembly.of_type(stack, "AWS::Logs::LogGroup").values()
    return {group["Properties"]["LogGroupName"]: group for group in found}


@pytest.mark.clause("ROVN-LOG-1")
def test_what_tasks_log_is_masked_and_findings_are_recorded(
    environment: Environment, log_groups: dict[str, dict[str, Any]]
) -> None:
    (service,) = environment.services.values()
    base = f"/ecs/{service.name}"
    for name in (base, f"{base}/collector", f"{base}-migrations"):
        policy = log_groups[name]["Properties"]["DataProtectionPolicy"]
        audit, mask = policy["Statement"]
        identifiers = audit["DataIdentifier"]
        assert mask["DataIdentifier"] == identifiers
        for needed in ("Ssn-US", "PhoneNumber-US", "EmailAddress", "NationalProviderId-US"):
            assert f"arn:aws:dataprotection::aws:data-identifier/{needed}" in identifiers
        assert set(FIELDS) <= set(identifiers)
        custom = policy["Configuration"]["CustomDataIdentifier"]
        assert {c["Name"]: c["Regex"] for c in custom} == {
            name: expression_of(fields) for name, fields in FIELDS.items()
        }
        assert mask["Operation"] == {"Deidentify": {"MaskConfig": {}}}
        destination = audit["Operation"]["Audit"]["FindingsDestination"]
        assert plain(destination) == {
            "CloudWatchLogs": {"LogGroup": "<PassportApiLogsPhiFindings>"}
        }


def test_every_log_group_is_encrypted_kept_and_has_a_retention(
    environment: Environment, log_groups: dict[str, dict[str, Any]]
) -> None:
    (service,) = environment.services.values()
    for name, group in log_groups.items():
        assert plain(group["Properties"]["KmsKeyId"]) in (
            "<PassportApiLogsKey.Arn>",
            "<LogsKey.Arn>",
        )
        days = group["Properties"]["RetentionInDays"]
        balancer = environment.load_balancer.log_retention_days
        assert days == (balancer if name.startswith("aws-waf") else service.log_retention_days)
        assert group["UpdateReplacePolicy"] == "Retain"


@pytest.mark.clause("ROVN-LOG-1")
@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ('{"ssn": "123-45-6789", "status": 200}', "123-45-6789"),
        ('{"dob":"1980-01-02"}', "1980-01-02"),
        ('{"mrn": 12345678, "status": 200}', "12345678"),
        ('{"patient_name": "Ada Example", "a": 1}', "Ada Example"),
        ('{"email": "ada@example.org"}', "ada@example.org"),
        ('{"phone": "+1 555 0100"}', "+1 555 0100"),
        ('{"ssn": "[REDACTED]", "status": 200}', None),
        ('{"ssn":"[REDACTED]","dob":"[REDACTED]"}', None),
        ('{"event": "request", "status": 200, "path": "/health"}', None),
    ],
)
def test_fields_of_a_json_line_are_found_but_not_what_is_redacted(
    line: str, masked: str | None
) -> None:
    found = [
        match[0]
        for fields in FIELDS.values()
        for match in [re.search(expression_of(fields), line)]
        if match
    ]
    assert bool(found) is bool(masked)
    assert all(masked in match for match in found if masked)


def test_expressions_are_such_as_cloudwatch_logs_takes() -> None:
    """At most ten, of 200 characters each, of these characters and no others."""
    assert len(FIELDS) <= 10
    for name, fields in FIELDS.items():
        expression = expression_of(fields)
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name)
        assert len(expression) <= 200
        assert re.fullmatch(r"[A-Za-z0-9_#=@/;, ^$?\[\]{}|\\*+.-]+", expression)
