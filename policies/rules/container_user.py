"""Nothing in a task runs as root."""

import re
from collections.abc import Iterator

from policies.lookups.services import TASK_DEFINITION, containers
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

_NUMERIC = re.compile(r"(?P<user>[0-9]+)(:[0-9]+)?")


def _judge(definition: Resource, _: Scope) -> Iterator[str]:
    for container in containers(definition):
        user = container.at("User")
        numeric = _NUMERIC.fullmatch(str(user))
        if user is None:
            yield f"{container.name} names no user: the image decides, and root is its default"
        elif not numeric or int(numeric["user"]) == 0:
            yield f"{container.name} runs as {user!r}, not as a number other than 0"


RULE = Rule(
    id="container-user",
    title="Every container runs as a numeric user that is not root",
    why="Who breaks into a process that is root owns the container; a name hides who it is.",
    remedy="Take USER of runbook_constructs.task_definition, as the image's own USER.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "SOC2 CC6.1"),
    types=(TASK_DEFINITION,),
    judge=_judge,
)
