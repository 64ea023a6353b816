"""The lists of who reads secrets, as the function is told them that looks for others (ROVN-SEC-6).

Short, because they stand in the variables of a function: ``role/…`` and ``user/…`` of one account.
"""

from typing import Any

from runbook.access.principals import Principals

CLOUDFORMATION = "cloudformation.amazonaws.com"


def reader_lists(principals: Principals) -> dict[str, Any]:
    """Map ``readers``, ``people``, ``executors`` and ``trusted`` to the names that belong there.

    ``trusted`` maps whom a role is for to the roles that nobody else may assume: of all readers but
    people, who sign in as their organisation lets them, and the deploy identity, whose claims
    stand in its trust. ``copies`` maps secrets to the regions that copies of them belong in.
    """
    environment = principals.environment
    people = principals.break_glass
    readers = {
        name: [arn for arn in principals.may_read(name) if arn not in people]
        for name in environment.secrets
    }
    every = {arn for arns in readers.values() for arn in arns}
    makers = {CLOUDFORMATION: principals.cdk_roles("cfn-exec")}
    services = {**principals.passable, **makers}
    trusted = {
        service: sorted(_short(arn) for arn in arns if arn in every)
        for service, arns in services.items()
        if every & set(arns)
    }
    return {
        "account": environment.account,
        "readers": {name: [_short(arn) for arn in arns] for name, arns in readers.items()},
        "people": [_short(arn) for arn in people],
        "copies": {name: [*regions] for name, regions in environment.copied_secrets.items()},
        "executors": [_short(arn) for arn in principals.cdk_roles("cfn-exec")],
        "trusted": trusted,
    }


def _short(arn: str) -> str:
    return arn.split(":", 5)[5]
