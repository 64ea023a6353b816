"""How policies may call a resource: by a reference, by its name, or by a pattern that takes it."""

from policies.templates.scope import Resource
from policies.templates.values import Reference, Unknown, UnresolvedError

# What CloudFormation keeps of a stack's name in the names it makes.
_KEPT = 24
_KEY_ID = "?" * 36


def called(resource: Resource) -> tuple[str, ...]:
    """List the patterns of all the ARNs that it, or what is in it, can have.

    Buckets, keys, secrets and topics, which rules ask about; one of another type by its ARN.
    """
    template = resource.stack.template
    here = f"{template.region}:{template.account}"
    match resource.type:
        case "AWS::S3::Bucket":
            arn, name = _att(resource, "Arn"), _ref(resource)
            made = f"{template.stack[:_KEPT].lower()}*"
            names = [arn, f"arn:aws:s3:::{made if name.startswith('<') else name}"]
            names += [f"arn:aws:s3:::{name}"] if name.startswith("<") else []
            return (*names, *(f"{name}/*" for name in names))
        case "AWS::KMS::Key":
            key = f"arn:aws:kms:{here}:key"
            return (_att(resource, "Arn"), f"{key}/{_ref(resource)}", f"{key}/{_KEY_ID}")
        case "AWS::SecretsManager::Secret":
            arn = _ref(resource)
            made = f"arn:aws:secretsmanager:{here}:secret:*"
            return (arn, made) if arn.startswith("<") else (arn,)
        case "AWS::SNS::Topic":
            return (_ref(resource),)
        case _:
            return (_att(resource, "Arn"), _ref(resource))


def shape(resource: Resource) -> str:
    """Write the narrowest pattern of the ARN that it will have; a mark where nothing tells.

    CloudFormation makes a bucket's name of the stack's, the logical id and characters of its own.
    """
    own = called(resource)[0]
    if resource.type != "AWS::S3::Bucket" or not own.startswith("<"):
        return own
    stack, logical_id = resource.stack.template.stack[:_KEPT], resource.logical_id[:_KEPT]
    return f"arn:aws:s3:::{stack}-{logical_id}*".lower()


def _ref(resource: Resource) -> str:
    return _known(resource, resource.stack.ref(resource.logical_id))


def _att(resource: Resource, attribute: str) -> str:
    return _known(resource, resource.stack.get_att(resource.logical_id, attribute))


def _known(resource: Resource, value: Reference | Unknown) -> str:
    if isinstance(value, Unknown):
        raise UnresolvedError(f"the name of {resource}: {value.text} is open: {value.why}")
    return str(value)
