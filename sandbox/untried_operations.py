"""S3's writing operations of which no attempt on a locked version can be made, each with why."""

from __future__ import annotations

from collections.abc import Iterator

REASONS = {
    "concerns requests or objects to come, not what a version's lock holds": (
        "CreateSession",
        "DeleteBucketCors",
        "DeleteBucketEncryption",
        "DeleteBucketOwnershipControls",
        "DeleteBucketTagging",
        "DeleteBucketWebsite",
        "DeletePublicAccessBlock",
        "PutBucketAbac",
        "PutBucketAccelerateConfiguration",
        "PutBucketAcl",
        "PutBucketCors",
        "PutBucketEncryption",
        "PutBucketLogging",
        "PutBucketNotification",
        "PutBucketNotificationConfiguration",
        "PutBucketOwnershipControls",
        "PutBucketRequestPayment",
        "PutBucketTagging",
        "PutBucketWebsite",
        "PutPublicAccessBlock",
    ),
    "reports on objects, and changes none": (
        "CreateBucketMetadataConfiguration",
        "CreateBucketMetadataTableConfiguration",
        "DeleteBucketAnalyticsConfiguration",
        "DeleteBucketInventoryConfiguration",
        "DeleteBucketMetadataConfiguration",
        "DeleteBucketMetadataTableConfiguration",
        "DeleteBucketMetricsConfiguration",
        "PutBucketAnalyticsConfiguration",
        "PutBucketInventoryConfiguration",
        "PutBucketMetricsConfiguration",
        "UpdateBucketMetadataAnnotationTableConfiguration",
        "UpdateBucketMetadataInventoryTableConfiguration",
        "UpdateBucketMetadataJournalTableConfiguration",
    ),
    "moves objects between storage classes, and deletes none": (
        "DeleteBucketIntelligentTieringConfiguration",
        "PutBucketIntelligentTieringConfiguration",
    ),
    "copies versions to another bucket, and leaves them in this one": (
        "DeleteBucketReplication",
        "PutBucketReplication",
    ),
    "removes rules that would expire objects": ("DeleteBucketLifecycle",),
    "is the older name of PutBucketLifecycleConfiguration, which is tried": ("PutBucketLifecycle",),
    "makes a bucket; of a name that is taken it answers so, and its objects stay": (
        "CreateBucket",
    ),
    "removes an annotation, and the lock denies to add one (which is tried)": (
        "DeleteObjectAnnotation",
    ),
}


def untried() -> Iterator[str]:
    """Name each operation for which a reason is written."""
    for operations in REASONS.values():
        yield from operations
