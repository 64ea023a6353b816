"""A network, a registry, and who may deploy."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.templates.expressions import TAGS, allowing, arn

NETWORK: dict[str, Any] = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    **{
        f"Subnet{zone}": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": f"10.0.{number}.0/24",
                "AvailabilityZone": {"Fn::Sub": f"${{AWS::Region}}{zone.lower()}"},
            },
        }
        for number, zone in enumerate("AB")
    },
    "BalancerGroup": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "load balancer",
            "GroupName": "balancer",
            "SecurityGroupIngress": [
                {
                    "CidrIp": "0.0.0.0/0",
                    "Description": "everybody",
                    "FromPort": 443,
                    "IpProtocol": "tcp",
                    "ToPort": 443,
                }
            ],
            "SecurityGroupEgress": [
                {
                    "CidrIp": "255.255.255.255/32",
                    "Description": "Disallow all traffic",
                    "FromPort": 252,
                    "IpProtocol": "icmp",
                    "ToPort": 86,
                }
            ],
            "VpcId": {"Ref": "Vpc"},
            "Tags": TAGS,
        },
    },
}
REGISTRY: dict[str, Any] = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            },
        },
    },
    "Mirror": {
        "Type": "AWS::ECR::PullThroughCacheRule",
        "Properties": {
            "EcrRepositoryPrefix": "ecr-public",
            "UpstreamRegistry": "ecr-public",
            "UpstreamRegistryUrl": "public.ecr.aws",
        },
    },
    "Repository": {
        "Type": "AWS::ECR::Repository",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "EncryptionConfiguration": {"EncryptionType": "KMS", "KmsKey": arn("Key")},
            "ImageScanningConfiguration": {"ScanOnPush": True},
            "ImageTagMutability": "IMMUTABLE",
            "LifecyclePolicy": {
                "LifecyclePolicyText": json.dumps(
                    {
                        "rules": [
                            {
                                "rulePriority": 1,
                                "selection": {
                                    "tagStatus": "untagged",
                                    "countType": "sinceImagePushed",
                                    "countNumber": 14,
                                    "countUnit": "days",
                                },
                                "action": {"type": "expire"},
                            }
                        ]
                    }
                )
            },
            "RepositoryName": "some-api",
            "RepositoryPolicyText": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Deploy",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "ecr:PutImage",
                        "Condition": {"StringNotEquals": {"aws:PrincipalArn": arn("DeployRole")}},
                    }
                ],
            },
            "Tags": TAGS,
        },
    },
}
ACCESS: dict[str, Any] = {
    "Boundary": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": "what a deployer may be given at most",
            "ManagedPolicyName": "some-boundary",
            "Path": "/",
            "PolicyDocument": allowing("ecs:*", "iam:PassRole"),
        },
    },
    "Provider": {
        "Type": "AWS::IAM::OIDCProvider",
        "Properties": {
            "ClientIdList": ["sts.amazonaws.com"],
            "ThumbprintList": ["6938fd4d98bab03faadb97b34396831e3780aea1"],
            "Url": "https://token.actions.githubusercontent.com",
            "Tags": TAGS,
        },
    },
    "DeployRole": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": {"Ref": "Provider"}},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringEquals": {
                                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com"
                            }
                        },
                    }
                ],
            },
            "Description": "deploys",
            "MaxSessionDuration": 3600,
            "PermissionsBoundary": {"Ref": "Boundary"},
            "Policies": [
                {"PolicyName": name, "PolicyDocument": allowing(action)}
                for name, action in (("push", "ecr:PutImage"), ("update", "ecs:UpdateService"))
            ],
            "RoleName": "some-deploy",
            "Tags": TAGS,
        },
    },
    "DeployUser": {
        "Type": "AWS::IAM::User",
        "Properties": {
            "ManagedPolicyArns": [{"Ref": "Guard"}],
            "PermissionsBoundary": {"Ref": "Boundary"},
            "Policies": [{"PolicyName": "push", "PolicyDocument": allowing("ecr:PutImage")}],
            "Tags": TAGS,
            "UserName": "some-deploy",
        },
    },
    "Guard": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": allowing("ecs:DescribeServices"),
            "Roles": [{"Ref": "DeployRole"}],
        },
    },
    "More": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyDocument": allowing("logs:FilterLogEvents"),
            "PolicyName": "more",
            "Roles": [{"Ref": "DeployRole"}],
            "Users": [{"Ref": "DeployUser"}],
        },
    },
}
