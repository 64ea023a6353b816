"""Documents of signing keys over several rotations, as the rotation function writes them."""

import json
from datetime import datetime

from local.signing_keys import first_document, key


def rolled(document: str, now: datetime) -> str:
    """Move every key on by one role, and keep all that were retired."""
    made = json.loads(document)
    by_role = {each["role"]: each for each in made["keys"]}
    retired = {name: by_role["current"][name] for name in ("kid", "created", "public")} | {
        "role": "previous",
        "retired": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    kept = [each for each in made["keys"] if each["role"] == "previous"]
    promoted = by_role["next"] | {"role": "current"}
    return json.dumps(made | {"keys": [promoted, key("next", now), retired, *kept]})


def documents(first: datetime, *rotations: datetime) -> list[str]:
    """List the documents that the rotations at these moments leave, the first one's included."""
    made = [first_document(first)]
    for moment in rotations:
        made.append(rolled(made[-1], moment))
    return made
