"""The release freeze of an environment: while it is in force nothing is released."""

import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from runbook.model.environment import Environment
from runbook.model.refusal import Refusal
from runbook.operations.account import Account, advice, code_of, words

_MEND = "deploy the stack of the release gate, which makes it, or repair its value"


def parameter_name(environment: Environment) -> str:
    """Name the parameter that holds it."""
    return f"/{environment.name}/release-freeze"


def freeze_refusals(account: Account) -> Iterator[Refusal]:
    """Say that a freeze is in force; one that cannot be read is in force, too."""
    name = parameter_name(account.environment)
    try:
        text = account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        state = json.loads(text)
        frozen = state["frozen"]
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            yield _unreadable(name, words(error), advice(error))
        else:
            yield _unreadable(name, "it is not there")
        return
    except (ValueError, KeyError, TypeError):
        yield _unreadable(name, 'its value is not JSON with "frozen"')
        return
    if frozen is not False:
        by, since = state.get("by") or "somebody", state.get("since") or "an unknown time"
        yield Refusal(
            "release freeze",
            f"{by} froze releases at {since}: {state.get('reason') or 'no reason given'}",
            "wait until it is lifted; a rollback is not bound by it",
        )


def _unreadable(name: str, why: str, fix: str = _MEND) -> Refusal:
    return Refusal(
        "release freeze",
        f"the parameter {name} cannot be read, so releases count as frozen: {why}",
        fix,
    )
