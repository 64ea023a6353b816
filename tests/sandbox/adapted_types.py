"""A template with every type that the adapters add to the emulator or complete in it."""

from __future__ import annotations

from typing import Any

TAGS = [{"Key": "owner", "Value": "ops"}, {"Key": "tier", "Value": "phi"}]
LOCK = {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "production"}},
    "Mappings": {"Days": {"production": {"flow": "60"}}},
    "Conditions": {"IsProduction": {"Fn::Equals": [{"Ref": "Stage"}, "production"]}},
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": {"Fn::Join": ["", ["10.0.", "1", ".0/24"]]},
                "AvailabilityZone": {"Fn::Sub": "${AWS::Region}a"},
            },
        },
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": TAGS}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "AllocationId": {"Fn::GetAtt": "Address.AllocationId"},
                "SubnetId": {"Ref": "Subnet"},
                "Tags": TAGS,
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            },
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
        "FlowLog": {
            "Type": "AWS::EC2::FlowLog",
            "Properties": {
                "ResourceId": {"Ref": "Vpc"},
                "ResourceType": "VPC",
                "TrafficType": {"Fn::If": ["IsProduction", "ALL", "REJECT"]},
                "LogGroupName": {"Ref": "Group"},
                "DeliverLogsPermissionArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "MaxAggregationInterval": {"Fn::FindInMap": ["Days", {"Ref": "Stage"}, "flow"]},
                "Tags": TAGS,
            },
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "LoggingConfiguration": {
                    "DestinationBucketName": {"Ref": "Logs"},
                    "LogFilePrefix": "bucket/",
                },
                "LifecycleConfiguration": {
                    "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
                    "Rules": [
                        {
                            "Id": "All",
                            "Status": "Enabled",
                            "Prefix": "a/",
                            "ExpirationInDays": 30,
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
                            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 5}],
                            "NoncurrentVersionExpiration": {
                                "NoncurrentDays": 9,
                                "NewerNoncurrentVersions": 2,
                            },
                            "NoncurrentVersionTransitions": [
                                {"StorageClass": "GLACIER", "TransitionInDays": 4}
                            ],
                        }
                    ],
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "Tags": TAGS,
            },
        },
        "Locked": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "ObjectLockEnabled": True,
                "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **LOCK},
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "Logs": {"Type": "AWS::S3::Bucket"},
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "Properties": {
                "IsLogging": True,
                "IsMultiRegionTrail": True,
                "EnableLogFileValidation": True,
                "CloudWatchLogsLogGroupArn": {"Fn::GetAtt": ["Group", "Arn"]},
                "CloudWatchLogsRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "S3BucketName": {"Ref": "Logs"},
                "AdvancedEventSelectors": [
                    {
                        "Name": "Data",
                        "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}],
                    }
                ],
                "Tags": TAGS,
            },
        },
    },
    "Outputs": {
        "Address": {
            "Value": {"Fn::GetAtt": ["Address", "PublicIp"]},
            "Export": {"Name": "the-address"},
        }
    },
}
