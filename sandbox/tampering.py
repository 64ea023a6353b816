"""The ways S3 offers to be rid of a locked object, or of its lock, before its time.

S3's other writing operations stand in `untried_operations`, each with why no attempt is made of it:
a test demands that every writing operation which botocore knows is in one of the two.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox import bucket_attempts as bucket
from sandbox import object_attempts as object_
from sandbox.attempt import Attempt, Birth, Control, Outcome

UNLOCKED, GOVERNANCE = Control.UNLOCKED, Control.GOVERNANCE
MALFORMED = frozenset({"MalformedXML"})
INVALID = frozenset({"InvalidArgument"})
BOTH_OR_NONE = "S3 takes a mode and a date together, of any object"

DENIED: Sequence[Attempt] = (
    Attempt("delete the version", object_.delete_version, control=UNLOCKED),
    Attempt(
        "delete the version, bypass header", object_.delete_version_bypassing, control=GOVERNANCE
    ),
    Attempt(
        "delete a version made by copying",
        object_.delete_version_bypassing,
        control=GOVERNANCE,
        birth=Birth.COPY,
    ),
    Attempt(
        "delete a version made by multipart upload",
        object_.delete_version_bypassing,
        control=GOVERNANCE,
        birth=Birth.MULTIPART,
    ),
    Attempt("delete it in a batch", object_.delete_in_batch, control=UNLOCKED),
    Attempt(
        "delete it in a batch, bypass header", object_.delete_in_batch_bypassing, control=GOVERNANCE
    ),
    Attempt("delete it in a quiet batch", object_.delete_in_quiet_batch, control=GOVERNANCE),
    Attempt(
        "delete key and version in one batch",
        object_.delete_key_and_version_in_batch,
        control=GOVERNANCE,
    ),
    Attempt("delete marker, then delete", object_.delete_under_marker, control=GOVERNANCE),
    Attempt("retain until tomorrow only", object_.retain_less, control=UNLOCKED),
    Attempt(
        "retain until tomorrow only, bypass header",
        object_.retain_less_bypassing,
        control=GOVERNANCE,
    ),
    Attempt(
        "retain until tomorrow only, no version named",
        object_.retain_less_without_version,
        control=GOVERNANCE,
    ),
    Attempt("retain one second less", object_.retain_a_second_less, control=UNLOCKED),
    Attempt("mode GOVERNANCE until the same date", object_.weaken_mode, control=UNLOCKED),
    Attempt("mode GOVERNANCE, bypass header", object_.weaken_mode_bypassing, control=GOVERNANCE),
    Attempt(
        "mode GOVERNANCE until a later date", object_.weaken_mode_until_later, control=GOVERNANCE
    ),
    Attempt("remove the retention, bypass header", object_.remove_retention, control=GOVERNANCE),
    Attempt("legal hold on, off, then delete", object_.hold_and_delete, control=UNLOCKED),
    Attempt("legal hold on, off, then retain less", object_.hold_and_retain_less, control=UNLOCKED),
    Attempt("drop the policy, then delete", bucket.drop_policy_and_delete, control=UNLOCKED),
    Attempt("drop the default lock, then delete", bucket.drop_default_and_delete, control=UNLOCKED),
    Attempt(
        "default lock to GOVERNANCE, then delete",
        bucket.weaken_default_and_delete,
        control=GOVERNANCE,
    ),
    Attempt("change the encryption's key", object_.change_encryption, control=UNLOCKED),
    Attempt("annotate the version", object_.annotate, control=UNLOCKED),
    Attempt(
        "suspend versioning",
        bucket.suspend_versioning,
        refusals=frozenset({"InvalidBucketState"}),
        note="no control: it is the bucket's object lock that refuses it, whatever the mode",
    ),
)

REFUSED: Sequence[Attempt] = (
    Attempt(
        "turn object lock off",
        bucket.disable_lock,
        Outcome.REFUSED,
        MALFORMED,
        note="S3 knows no such state, of any bucket",
    ),
    Attempt(
        "delete the bucket",
        bucket.delete_bucket,
        Outcome.REFUSED,
        frozenset({"BucketNotEmpty"}),
        note="S3 deletes no bucket with a version in it; the attempts above show that one under "
        "lock cannot be emptied",
    ),
    Attempt(
        "retain until yesterday, bypass header",
        object_.retain_until_yesterday,
        Outcome.REFUSED,
        INVALID,
        GOVERNANCE,
        note="S3 takes no date that has passed, of any object",
    ),
    Attempt(
        "retain in a mode without a date",
        object_.retain_in_mode_without_date,
        Outcome.REFUSED,
        MALFORMED,
        GOVERNANCE,
        note=BOTH_OR_NONE,
    ),
    Attempt(
        "retain until a date without a mode",
        object_.retain_until_date_without_mode,
        Outcome.REFUSED,
        MALFORMED,
        GOVERNANCE,
        note=BOTH_OR_NONE,
    ),
    Attempt(
        "overwrite in a mode without a date",
        object_.overwrite_in_mode_without_date,
        Outcome.REFUSED,
        INVALID,
        GOVERNANCE,
        note=BOTH_OR_NONE,
    ),
    Attempt(
        "overwrite until a date without a mode",
        object_.overwrite_until_date_without_mode,
        Outcome.REFUSED,
        INVALID,
        GOVERNANCE,
        note=BOTH_OR_NONE,
    ),
    Attempt(
        "restore the version for a day",
        object_.restore,
        Outcome.REFUSED,
        # The first is S3's, the second the emulator's.
        frozenset({"InvalidObjectState", "ObjectAlreadyInActiveTierError"}),
        UNLOCKED,
        note="S3 restores what is archived only, and leaves the archived version as it is",
    ),
    Attempt(
        "open the version's ACL",
        object_.open_acl,
        Outcome.REFUSED,
        frozenset({"AccessControlListNotSupported", "AccessDenied"}),
        UNLOCKED,
        note="the bucket takes no ACLs, and public ones least; none could lift a lock",
    ),
)

HARMLESS: Sequence[Attempt] = tuple(
    Attempt(name, act, Outcome.HARMLESS, frozenset(), note=note)
    for name, act, note in (
        (
            "delete the key without a version",
            object_.delete_without_version,
            "adds a delete marker; the version stays",
        ),
        (
            "delete the version “null”",
            object_.delete_version_null,
            "there is none, and S3 answers success to that; the version stays",
        ),
        ("overwrite the key", object_.overwrite, "adds a version; the old one stays"),
        (
            "tag and untag the version",
            object_.tag_and_untag,
            "tags are no part of what is locked",
        ),
        (
            "default retention of one day",
            bucket.shorten_default,
            "S3 lets those with the permission do it, for objects to come; this one's date stays",
        ),
        (
            "lifecycle that expires all after a day",
            bucket.expire_after_a_day,
            "S3 takes the rule, and never expires a locked version (no emulator runs it)",
        ),
        (
            "lifecycle that expired all in the past",
            bucket.expire_in_the_past,
            "likewise: it adds a delete marker at most",
        ),
    )
)

LEFT_TO_POLICY: Sequence[Attempt] = (
    Attempt(
        "overwrite in mode GOVERNANCE",
        object_.overwrite_in_governance,
        Outcome.LEFT_TO_POLICY,
        frozenset(),
        note="Object Lock permits a new version of a weaker mode; the old one stays",
        statement="DenyWeakerMode",
    ),
    Attempt(
        "overwrite with a date of tomorrow",
        object_.overwrite_for_a_day,
        Outcome.LEFT_TO_POLICY,
        frozenset(),
        note="Object Lock permits a new version of a shorter date; the old one stays",
        statement="DenyShorterRetention",
    ),
)

ATTEMPTS: Sequence[Attempt] = (*DENIED, *REFUSED, *HARMLESS, *LEFT_TO_POLICY)
