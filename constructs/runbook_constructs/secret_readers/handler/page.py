"""What those who are on call are told: who, by what, since when, and what to do next."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .judge import Finding

Json = Any
# SNS takes no longer subject.
_SUBJECT = 100
# Nor Amazon Q Developer in chat applications a longer description.
_LONGEST = 8000
# The rest is in the log; a page that nobody can read on a telephone is none.
_MOST = 20
_OPEN = "SEV 1: nothing keeps them out, take it that they have read the value. "
_KEPT_OUT = "The secret's own policy, or its key's, still keeps them out: drift, not yet a reader. "
_PERHAPS = "It hangs on a condition that nobody can judge from here, so it counts as granted. "
_NEXT = """What to do next:
1. If nobody announced it: take the statement, the grant or the attachment away that is named above.
2. Where it says SEV 1: runbook rotate SECRET --now for each secret named, and declare the incident.
3. Find event {event} in the trail, and what the same actor did before and after it.
4. If it is meant: name the reader in environments/, and deploy; the lists come from there."""


def subject(environment: str, found: Sequence[Finding]) -> str:
    """Write the first line."""
    who = len({one.who for one in found})
    open_ = any(not one.kept_out for one in found)
    worst = "SEV 1: " if open_ else ""
    return f"{worst}{environment}: {who} outside the lists of who reads secrets"[:_SUBJECT]


def text(environment: str, found: Sequence[Finding], event: Mapping[str, Json]) -> str:
    """Write the page for those who were found; ``event`` is what set the function to work."""
    return "\n".join(
        [
            f"{environment}: who may read secrets and is on no list (ROVN-SEC-6)",
            since(event),
            *(_line(one) for one in found[:_MOST]),
            *([f"… and {len(found) - _MOST} more, in the log"] if len(found) > _MOST else []),
            _NEXT.format(event=_detail(event).get("eventID", "of the change")),
        ]
    )


def unseen(environment: str, why: str, event: Mapping[str, Json]) -> str:
    """Write the page for a look that failed; until the next one that works nobody knows."""
    return "\n".join(
        [
            f"{environment}: nobody can say who may read the secrets (ROVN-SEC-6): {why}",
            since(event),
            "What to do next: read the function's log, mend what it names, then run it again by "
            "hand. Until it has run well, take it that a reader may have been added.",
        ]
    )


def shown(title: str, text: str) -> str:
    """Write a message in the one form of our own that Slack shows: it drops any other."""
    content = {"textType": "client-markdown", "title": title, "description": text[:_LONGEST]}
    return json.dumps({"version": "1.0", "source": "custom", "content": content})


def since(event: Mapping[str, Json]) -> str:
    """Say which change it came to light after, who made it, and from where."""
    detail = _detail(event)
    if "eventName" not in detail:
        return "Since: not known; the hourly look found it, no event told of it."
    refused = f", refused: {detail['errorCode']}" if detail.get("errorCode") else ""
    actor = (detail.get("userIdentity") or {}).get("arn", "somebody who is not named")
    return (
        f"Since: {detail['eventName']} by {actor} from "
        f"{detail.get('sourceIPAddress', 'an address that is not told')} at "
        f"{detail.get('eventTime', 'a time that is not told')}, event "
        f"{detail.get('eventID', 'without id')}{refused}."
    )


def _line(one: Finding) -> str:
    return "".join(_parts(one))


def _parts(one: Finding) -> Iterator[str]:
    on = f", secrets {', '.join(one.secrets)}" if one.secrets else ""
    yield f"- {one.who} may {', '.join(one.may)}{on}; by {'; '.join(one.by)}. "
    yield _KEPT_OUT if one.kept_out else _OPEN
    yield _PERHAPS if one.conditional else ""


def _detail(event: Mapping[str, Json]) -> Mapping[str, Json]:
    detail = event.get("detail")
    return detail if isinstance(detail, dict) else {}
