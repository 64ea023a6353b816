"""Secrets are replaced as the file says: rotation is on, none is late, none hangs (ROVN-SEC-3)."""

from runbook.model.refusal import RefusedError
from runbook.operators.secret_ages import Standing, percent, standing
from runbook.operators.secret_list import Listed
from runbook.operators.secret_state import SecretState, read_state
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live


@checks_that("rotation", "ROVN-SEC-3")
def rotation(live: Live, inspection: Inspection) -> None:
    """Want every deployed secret of the file younger than its cadence, and rotated by its way."""
    for deployed in live.of_type("AWS::SecretsManager::Secret"):
        for key in live.environment.secrets:
            # Secrets Manager ends an ARN with six letters of its own.
            if deployed.id.rpartition("-")[0].endswith(f":secret:{live.environment.name}/{key}"):
                with inspection.looking_at(f"secret {key}"):
                    _of_secret(live, key, inspection)


def _of_secret(live: Live, key: str, inspection: Inspection) -> None:
    secret, where = live.environment.secrets[key], f"secret {key}"
    try:
        state = read_state(live.account, key)
    except RefusedError as refused:
        for refusal in refused.refusals:
            inspection.breach(where, refusal.reason, refusal.fix)
        return
    found = standing(secret, state, live.now)
    if found.bad:
        mend = Listed(key, secret, state, live.now).next(live.environment.name)
        inspection.breach(where, _told(found, state, percent(secret, state, live.now)), mend)


def _told(found: Standing, state: SecretState, age: float) -> str:
    match found:
        case Standing.NO_VALUE:
            return "it has no value: nothing that reads it starts"
        case Standing.OFF:
            return "its rotation is off: no function replaces it"
        case Standing.FAILED:
            return f"its rotation failed: {state.step}"
        case _:
            return f"its value has {age:.0f} % of the age that it may have"
