"""AWS Lambda: what ministack's handlers of functions and of what feeds them drop."""

from __future__ import annotations

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties

# Of a function, what ministack keeps only if its own call brings it.
SETTINGS = ("DeadLetterConfig", "VpcConfig")


def configure_function(name: str, properties: Properties, before: Properties) -> None:
    """Set a function's network and dead letters, tag it, and reserve its concurrency."""
    functions = client("lambda")
    settings = {
        each: properties.get(each, {}) for each in SETTINGS if each in properties or each in before
    }
    if settings:
        functions.update_function_configuration(FunctionName=name, **settings)
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    tag(arn, properties, before)
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is not None:
        functions.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=int(reserved)
        )
    elif "ReservedConcurrentExecutions" in before:
        functions.delete_function_concurrency(FunctionName=name)


def configure_mapping(identity: str, properties: Properties, before: Properties) -> None:
    """Tag an event source mapping."""
    found = client("lambda").get_event_source_mapping(UUID=identity)
    tag(found["EventSourceMappingArn"], properties, before)


def tag(arn: str, properties: Properties, before: Properties) -> None:
    """Give a function or a mapping the tags of its properties, and no others of before."""
    functions = client("lambda")
    kept = {each["Key"]: each["Value"] for each in properties.get("Tags", [])}
    dropped = [each["Key"] for each in before.get("Tags", []) if each["Key"] not in kept]
    if dropped:
        functions.untag_resource(Resource=arn, TagKeys=dropped)
    if kept:
        functions.tag_resource(Resource=arn, Tags=kept)


COMPLETED["AWS::Lambda::EventSourceMapping"] = CompletedType(configure=configure_mapping)
COMPLETED["AWS::Lambda::Function"] = CompletedType(configure=configure_function)
