"""Calls on locked buckets, their keys and the trail that ring the tamper alarms (ROVN-ALM-6)."""

import json

# Who answers these calls, as CloudTrail and EventBridge name them: aws.s3, s3.amazonaws.com.
SERVICES = ("s3", "cloudtrail", "kms")
# What takes a record away or shortens its lock: whoever asks for it, CloudFormation too.
REMOVES = (
    *("DeleteBucket", "DeleteObject", "DeleteObjects"),
    *("PutObjectLegalHold", "PutObjectRetention"),
)
# What changes how a bucket keeps its objects begins so, or is called so: CloudFormation does it in
# a reviewed deploy. CloudTrail calls the lock PutBucketObjectLockConfiguration, its API leaves out
# the word Bucket.
RECONFIGURES_BEGIN = ("DeleteBucket", "PutBucket")
RECONFIGURES = ("PutObjectLockConfiguration",)
SILENCES, RESELECTS = ("DeleteTrail", "StopLogging"), ("PutEventSelectors", "UpdateTrail")
# Without its key a locked record is as good as deleted.
UNKEYS, REKEYS = ("DisableKey", "ScheduleKeyDeletion"), ("PutKeyPolicy",)


def event_sources() -> str:
    """List the services as CloudTrail writes them: JSON's list, JMESPath's and Logs Insights'."""
    return json.dumps([f"{service}.amazonaws.com" for service in SERVICES], separators=(",", ":"))


def insights_filter() -> str:
    """Write the condition of Logs Insights that takes every one of these calls, and no other."""
    named = (*REMOVES, *RECONFIGURES, *SILENCES, *RESELECTS, *UNKEYS, *REKEYS)
    beginnings = "|".join(RECONFIGURES_BEGIN)
    return (
        f"eventSource in {event_sources()} and (eventName like /^({beginnings})/ "
        f"or eventName in {json.dumps(named, separators=(',', ':'))})"
    )
