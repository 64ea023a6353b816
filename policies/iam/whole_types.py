"""Resources that are nothing but a type and wildcards, such as ``table/*``."""

import re
import tomllib
from functools import cache
from importlib.resources import files

# What stands after "arn:partition:service:region:account:" and is every resource of a type.
_OF_A_TYPE = re.compile(r"/?([^:/]*[*?].*|[^:/]+[:/]+[*?]+([:/].*)?)")
# The kind of a load balancer, and where a web ACL is, stand beside the type.
_OF_A_KIND = re.compile(
    r"arn:[^:]*:(elasticloadbalancing:[^:]*:[^:]*:[^:/]+/(app|gwy|net)"
    r"|wafv2:[^:]*:[^:]*:(global|regional)/[^:/]+)/[*?]+(/.*)?"
)
# These have a name and no type: buckets and their objects, pipelines and their stages.
_UNTYPED = re.compile(r"arn:[^:]*:(s3:::|(codecommit|sns|sqs):|codepipeline:[^:]*:[^:]*:[^:]*$)")
_ANY_NAME = re.compile(r"[*?]+([:/].*)?")
_PLAIN = re.compile(r"arn:[^:*?]*:([^:*?]+):[^:*?]*:[^:*?]*:([^:/*?]+)[:/]\*")


def is_whole_type(resource: str) -> bool:
    """Say whether an ARN of a policy is every resource of a type, whatever it is called."""
    parts = resource.split(":", 5)
    if len(parts) <= 5:
        return False
    if _UNTYPED.match(resource):
        return _ANY_NAME.fullmatch(parts[5]) is not None
    of_a_type = _OF_A_TYPE.fullmatch(parts[5]) is not None
    return of_a_type or _OF_A_KIND.fullmatch(resource) is not None


def only_on_whole_type(action: str, resource: str) -> bool:
    """Say whether the action can only be given so, on this type in one region and account."""
    found = _PLAIN.fullmatch(resource)
    if found is None or not action.startswith(f"{found[1]}:"):
        return False
    return (action, found[2]) in whole_type_actions()


@cache
def whole_type_actions() -> dict[tuple[str, str], tuple[str, str]]:
    """Map each such action and its type to the reason and to the page that says so."""
    text = (files("policies.iam") / "actions_on_whole_types.toml").read_text(encoding="utf-8")
    return {
        (action, given["type"]): (given["reason"], given["source"])
        for given in tomllib.loads(text)["given"]
        for action in given["actions"]
    }
