"""`POST /credentials/verify`: whether a nurse's number is well formed and the licence active."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from passport_api.receipts import Outcome, receipt_for
from passport_api.reverification import QueueFullError, ReverifyQueue, log_source_error
from passport_api.source_registry import LicenceState, SourceAdapterError, SourceRegistry

router = APIRouter()

_NPI_PREFIX = "80840"
"""Issuer prefix that the check digit of an NPI covers (ISO 7812, health, United States)."""


class Nurse(BaseModel):
    """Who is to be verified. Every field is PHI, so none shows in `repr`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    ssn: Annotated[str, Field(pattern=r"^\d{3}-\d{2}-\d{4}$", repr=False)]
    npi: Annotated[str, Field(pattern=r"^\d{10}$", repr=False)]
    date_of_birth: Annotated[date, Field(repr=False)]


class Verification(BaseModel):
    """The outcome; says nothing that the caller did not know of the person."""

    outcome: Literal["verified", "rejected", "pending"]
    npi_valid: bool
    licence: LicenceState | None = None
    receipt: str | None = None
    """What was found, signed; while it is pending there is none."""


@router.post("/credentials/verify")
async def verify(nurse: Nurse, request: Request, response: Response) -> Verification:
    """200 with an outcome; 202 while the source does not answer; 503 when too many wait."""
    if not is_valid_npi(nurse.npi):
        return _found(request, "rejected", npi_valid=False, licence=None)
    registry: SourceRegistry = request.app.state.source_registry
    try:
        licence = await registry.licence_state(nurse.npi)
    except SourceAdapterError as error:
        log_source_error(error)
        _let_wait(nurse.npi, request.app.state.reverify_queue)
        response.status_code = status.HTTP_202_ACCEPTED
        return Verification(outcome="pending", npi_valid=True)
    outcome: Outcome = "verified" if licence is LicenceState.ACTIVE else "rejected"
    return _found(request, outcome, npi_valid=True, licence=licence)


def is_valid_npi(npi: str) -> bool:
    """Whether the last digit of `npi` is the Luhn check digit over the prefixed number."""
    digits = [int(digit) for digit in reversed(_NPI_PREFIX + npi)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _found(
    request: Request, outcome: Outcome, *, npi_valid: bool, licence: LicenceState | None
) -> Verification:
    receipt = receipt_for(request, outcome)
    return Verification(outcome=outcome, npi_valid=npi_valid, licence=licence, receipt=receipt)


def _let_wait(npi: str, queue: ReverifyQueue) -> None:
    try:
        queue.add(npi)
    except QueueFullError as error:
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE) from error
