"""AWS Step Functions."""

from __future__ import annotations

from runbook.deployed.description import Description, NotThereError, Resource, describes, present
from runbook.deployed.spelling import as_properties

READ = {
    "LoggingConfiguration": "loggingConfiguration",
    "TracingConfiguration": "tracingConfiguration",
    "EncryptionConfiguration": "encryptionConfiguration",
}


@describes("AWS::StepFunctions::StateMachine")
def state_machine(resource: Resource) -> Description:
    """Read a state machine; its definition as the text that was deployed."""
    client, arn = resource.client("stepfunctions"), resource.physical_id
    try:
        live = client.describe_state_machine(stateMachineArn=arn)
    except client.exceptions.StateMachineDoesNotExist:
        raise NotThereError(f"no state machine {arn}") from None
    shape = client.meta.service_model.operation_model("DescribeStateMachine").output_shape
    tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
    properties = {
        "DefinitionString": live["definition"],
        "RoleArn": live["roleArn"],
        "StateMachineName": live["name"],
        "StateMachineType": live["type"],
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags],
        **{
            name: as_properties(shape.members[member], live[member])
            for name, member in READ.items()
            if live.get(member)
        },
    }
    return Description(
        present(properties),
        {"Arn": arn, "Name": live["name"]},
        closed=frozenset(READ),
        defaults={"EncryptionConfiguration": {"Type": "AWS_OWNED_KEY"}},
    )
