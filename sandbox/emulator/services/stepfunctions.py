"""Step Functions: what ministack's handler of state machines drops, or keeps as it was spelled."""

from __future__ import annotations

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties

MACHINES = "ministack.services.stepfunctions"
# By the API's name: the property of a template.
KEPT = {
    "loggingConfiguration": "LoggingConfiguration",
    "tracingConfiguration": "TracingConfiguration",
}

PATCHES.needs(MACHINES, "_state_machines")


def configure_machine(arn: str, properties: Properties, _before: Properties) -> None:
    """Keep where it logs, spelled as in the API, and whether it is traced."""
    from ministack.services import stepfunctions

    shape = client("stepfunctions").meta.service_model.operation_model("UpdateStateMachine")
    record = stepfunctions._state_machines[arn]
    for member, name in KEPT.items():
        if name in properties:
            record[member] = as_request(shape.input_shape.members[member], properties[name])
        else:
            record.pop(member, None)


COMPLETED["AWS::StepFunctions::StateMachine"] = CompletedType(configure=configure_machine)
