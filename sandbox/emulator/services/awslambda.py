"""AWS Lambda: what ministack's handler of functions drops."""

from __future__ import annotations

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties


def configure_function(name: str, properties: Properties, before: Properties) -> None:
    """Tag a function and reserve its concurrency, as CloudFormation does by calls of their own."""
    functions = client("lambda")
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    kept = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    dropped = [tag["Key"] for tag in before.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        functions.untag_resource(Resource=arn, TagKeys=dropped)
    if kept:
        functions.tag_resource(Resource=arn, Tags=kept)
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is not None:
        functions.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=int(reserved)
        )
    elif "ReservedConcurrentExecutions" in before:
        functions.delete_function_concurrency(FunctionName=name)


COMPLETED["AWS::Lambda::Function"] = CompletedType(configure=configure_function)
