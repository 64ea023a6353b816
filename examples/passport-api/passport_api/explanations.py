"""`POST /explanations`: an outcome in the words of a letter, by a model that learns nothing else.

Agents only, and with a tenant: what nobody is charged for, nobody may ask.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response, status
from pydantic import BaseModel, ConfigDict

from passport_api.ai_gateway import AiGateway, AiUnavailableError
from passport_api.bearer_access import require_agent
from passport_api.log_line import tenant_var
from passport_api.receipts import Outcome
from passport_api.source_registry import LicenceState

router = APIRouter()


class Question(BaseModel):
    """What is to be explained; none of it is of a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Outcome
    licence: LicenceState | None = None


class Explanation(BaseModel):
    """The words; none while no model answers, and the caller asks again."""

    state: Literal["explained", "in_progress"]
    text: str | None = None


def _tenant() -> str:
    tenant = tenant_var.get()
    if tenant is None:
        raise HTTPException(status.HTTP_400_BAD_REQUEST, "name the tenant in x-tenant")
    return tenant


@router.post("/explanations", dependencies=[Depends(require_agent)])
async def explain(
    question: Question,
    request: Request,
    response: Response,
    _for: Annotated[str, Depends(_tenant)],
) -> Explanation:
    """200 with words; 202 while no route to a model works (R5.3: verification in progress)."""
    gateway: AiGateway = request.app.state.ai_gateway
    licence = question.licence.value if question.licence else "unknown"
    try:
        answer = await gateway.ask(
            f"Explain in two plain sentences that a credential was {question.outcome} and that "
            f"the state of the licence is {licence}."
        )
    except AiUnavailableError:
        response.status_code = status.HTTP_202_ACCEPTED
        return Explanation(state="in_progress")
    return Explanation(state="explained", text=answer.text)
