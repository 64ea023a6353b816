"""What topics send and queues keep rests under a key of the environment."""

from collections.abc import Iterator

from policies.lookups.keys import key_behind
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(channel: Resource, _: Scope) -> Iterator[str]:
    # SNS encrypts nothing by itself; SQS does with a key that has no policy and no record of uses.
    key = channel.at("KmsMasterKeyId")
    if key_behind(key, channel) is None:
        yield f"KmsMasterKeyId is {key}, not a key of this environment and region"


RULE = Rule(
    id="messages-encrypted",
    title="Every topic and every queue is encrypted with a key of the environment",
    why="A topic without a key keeps its messages as they are. Under SQS's own key, and under "
    "AWS's, whoever may receive a message reads it, and no record shows the key in use.",
    remedy="Give the topic or the queue a key of its stack (master_key, encryption_master_key); "
    "SqsManagedSseEnabled is not enough.",
    clauses=(),
    controls=("HIPAA 164.312(a)(2)(iv)", "NIST SC-12", "NIST SC-28", "SOC2 CC6.1"),
    types=("AWS::SNS::Topic", "AWS::SQS::Queue"),
    judge=_judge,
    waivable=False,
)
