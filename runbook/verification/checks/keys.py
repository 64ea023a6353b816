"""Keys work: a disabled one, or one that is about to go, takes all that it encrypts with it."""

from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live


@checks_that("keys", "ROVN-BCK-2", "ROVN-LOG-1")
def keys(live: Live, inspection: Inspection) -> None:
    """Want every key of the stacks enabled, and none scheduled for deletion."""
    for key in live.of_type("AWS::KMS::Key"):
        with inspection.looking_at(key.where):
            told = key.client("kms").describe_key(KeyId=key.id)["KeyMetadata"]
            state = told["KeyState"]
            if state == "PendingDeletion":
                gone = f"{told['DeletionDate']:%Y-%m-%d}" if "DeletionDate" in told else "soon"
                fix = f"aws kms cancel-key-deletion --key-id {key.id}, then enable-key"
                inspection.breach(key.where, f"the key is deleted on {gone}", fix)
            elif state != "Enabled":
                fix = f"aws kms enable-key --key-id {key.id}"
                inspection.breach(key.where, f"the key is {state}: nobody can decrypt", fix)
