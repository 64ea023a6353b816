"""A cluster, a load balancer and a web ACL."""

from __future__ import annotations

from typing import Any

from tests.sandbox.templates.expressions import TAGS, arn, managed, visible

PLATFORM: dict[str, Any] = {
    "Cluster": {
        "Type": "AWS::ECS::Cluster",
        "Properties": {
            "ClusterName": "some-production",
            "ClusterSettings": [{"Name": "containerInsights", "Value": "enhanced"}],
            "Configuration": {
                "ExecuteCommandConfiguration": {"KmsKeyId": arn("Key"), "Logging": "NONE"}
            },
            "Tags": TAGS,
        },
    },
    "Certificate": {
        "Type": "AWS::CertificateManager::Certificate",
        "Properties": {
            "CertificateTransparencyLoggingPreference": "ENABLED",
            "DomainName": "api.example.com",
            "KeyAlgorithm": "EC_prime256v1",
            "SubjectAlternativeNames": ["www.example.com"],
            "ValidationMethod": "DNS",
            "Tags": TAGS,
        },
    },
    "LogBucket": {"Type": "AWS::S3::Bucket"},
    "Balancer": {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {
            "IpAddressType": "ipv4",
            "LoadBalancerAttributes": [
                {"Key": "access_logs.s3.enabled", "Value": "true"},
                {"Key": "access_logs.s3.bucket", "Value": {"Ref": "LogBucket"}},
                {"Key": "connection_logs.s3.enabled", "Value": "true"},
                {"Key": "connection_logs.s3.bucket", "Value": {"Ref": "LogBucket"}},
                {"Key": "deletion_protection.enabled", "Value": "false"},
                {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
            ],
            "Name": "some-production",
            "Scheme": "internet-facing",
            "SecurityGroups": [{"Fn::GetAtt": ["BalancerGroup", "GroupId"]}],
            "Subnets": [{"Ref": "SubnetB"}, {"Ref": "SubnetA"}],
            "Type": "application",
            "Tags": TAGS,
        },
    },
    "Listener": {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Properties": {
            "Certificates": [{"CertificateArn": {"Ref": "Certificate"}}],
            "DefaultActions": [
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {
                        "ContentType": "application/json",
                        "MessageBody": '{"error": "not found"}',
                        "StatusCode": "404",
                    },
                }
            ],
            "ListenerAttributes": [
                {"Key": "routing.http.response.server.enabled", "Value": "false"}
            ],
            "LoadBalancerArn": {"Ref": "Balancer"},
            "Port": 443,
            "Protocol": "HTTPS",
            "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
        },
    },
    "TestListener": {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Properties": {
            "Certificates": [{"CertificateArn": {"Ref": "Certificate"}}],
            "DefaultActions": [
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
            ],
            "LoadBalancerArn": {"Ref": "Balancer"},
            "Port": 8443,
            "Protocol": "HTTPS",
            "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        },
    },
    "Redirect": {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Properties": {
            "DefaultActions": [
                {
                    "Type": "redirect",
                    "RedirectConfig": {
                        "Port": "443",
                        "Protocol": "HTTPS",
                        "StatusCode": "HTTP_301",
                    },
                }
            ],
            "LoadBalancerArn": {"Ref": "Balancer"},
            "Port": 80,
            "Protocol": "HTTP",
        },
    },
    "WebAcl": {
        "Type": "AWS::WAFv2::WebACL",
        "Properties": {
            "CustomResponseBodies": {
                "slow": {"Content": "Too many requests", "ContentType": "TEXT_PLAIN"}
            },
            "DefaultAction": {"Allow": {}},
            "Description": "in front of the load balancer",
            "Name": "some-production",
            "Rules": [
                managed("AWSManagedRulesCommonRuleSet", 0),
                {
                    "Name": "own",
                    "Priority": 3,
                    "Action": {"Allow": {}},
                    "Statement": {"IPSetReferenceStatement": {"Arn": arn("OwnAddresses")}},
                    "VisibilityConfig": visible("own"),
                },
                {
                    "Name": "rate",
                    "Priority": 1,
                    "Action": {
                        "Block": {
                            "CustomResponse": {
                                "CustomResponseBodyKey": "slow",
                                "ResponseCode": 429,
                            }
                        }
                    },
                    "Statement": {
                        "RateBasedStatement": {
                            "AggregateKeyType": "IP",
                            "EvaluationWindowSec": 300,
                            "Limit": 2000,
                        }
                    },
                    "VisibilityConfig": visible("rate"),
                },
                {
                    "Name": "debug",
                    "Priority": 2,
                    "Action": {"Block": {}},
                    "Statement": {
                        "ByteMatchStatement": {
                            "FieldToMatch": {"UriPath": {}},
                            "PositionalConstraint": "STARTS_WITH",
                            "SearchString": "/debug",
                            "TextTransformations": [{"Priority": 0, "Type": "NORMALIZE_PATH"}],
                        }
                    },
                    "VisibilityConfig": visible("debug"),
                },
            ],
            "Scope": "REGIONAL",
            "Tags": TAGS,
            "VisibilityConfig": visible("all"),
        },
    },
    "OwnAddresses": {
        "Type": "AWS::WAFv2::IPSet",
        "Properties": {
            "Addresses": ["203.0.113.7/32", "203.0.113.8/32"],
            "Description": "NAT gateways",
            "IPAddressVersion": "IPV4",
            "Name": "own-addresses",
            "Scope": "REGIONAL",
            "Tags": TAGS,
        },
    },
    "OwnList": {
        "Type": "AWS::EC2::PrefixList",
        "Properties": {
            "AddressFamily": "IPv4",
            "Entries": [
                {"Cidr": "203.0.113.8/32", "Description": "NAT gateway"},
                {"Cidr": "203.0.113.7/32"},
            ],
            "MaxEntries": 3,
            "PrefixListName": "own-addresses",
            "Tags": TAGS,
        },
    },
    "FromOwnList": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "Description": "NAT gateways",
            "FromPort": 8443,
            "GroupId": {"Ref": "BalancerGroup"},
            "IpProtocol": "tcp",
            "SourcePrefixListId": {"Fn::GetAtt": ["OwnList", "PrefixListId"]},
            "ToPort": 8443,
        },
    },
    "Association": {
        "Type": "AWS::WAFv2::WebACLAssociation",
        "Properties": {"ResourceArn": {"Ref": "Balancer"}, "WebACLArn": arn("WebAcl")},
    },
    "WafLogs": {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": "aws-waf-logs-some-production", "RetentionInDays": 365},
    },
    "WafLogging": {
        "Type": "AWS::WAFv2::LoggingConfiguration",
        "Properties": {
            "LogDestinationConfigs": [
                {
                    "Fn::Select": [
                        0,
                        {"Fn::Split": [":*", arn("WafLogs")]},
                    ]
                }
            ],
            "LoggingFilter": {
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
                        "Requirement": "MEETS_ANY",
                    }
                ],
            },
            "RedactedFields": [
                {"SingleHeader": {"Name": "authorization"}},
                {"QueryString": {}},
            ],
            "ResourceArn": arn("WebAcl"),
        },
    },
}
