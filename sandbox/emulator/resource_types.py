"""CloudFormation resource types that this sandbox adds to the emulator, or completes in it.

Handlers speak to the emulator through boto3, as CloudFormation does to AWS; so they run on a
worker thread, because the emulator must be free to answer them meanwhile.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.emulator.patching import PATCHES, Function, Place, UnexpectedEmulatorError

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]

PROVISIONERS = "ministack.services.cloudformation.provisioners"
STACKS = "ministack.services.cloudformation.stacks"
CREATE_PARAMETERS = ("logical_id", "props", "stack_name")
UPDATE_PARAMETERS = ("physical_id", "old_props", "new_props", "stack_name")
DELETE_PARAMETERS = ("physical_id", "props")


@dataclass(frozen=True)
class AddedType:
    """A type the emulator does not know, or of which its own handlers are of no use.

    `create` and `update` return the physical id and the attributes for Fn::GetAtt; an update that
    returns another physical id is a replacement, and the emulator deletes the predecessor. Where it
    is `tagged` it has a property Tags, in which the emulator writes a stack's tags.
    """

    create: Callable[[str, Properties, str], Created]
    update: Callable[[str, Properties, Properties, str, str], Created]
    delete: Callable[[str, Properties], None]
    tagged: bool = True


@dataclass(frozen=True)
class CompletedType:
    """A type whose handler drops properties.

    `configure` applies them after create and update; it is given the physical id, the properties,
    and those from before the update. `delete`, where given, stands in for the emulator's own.
    """

    configure: Callable[[str, Properties, Properties], None] | None = None
    attributes: Callable[[str, Properties], dict[str, str]] | None = None
    delete: Callable[[str, Properties], None] | None = None


ADDED: dict[str, AddedType] = {}
# Types whose own handlers write past the service's calls and lose much: these stand in for them.
REPLACED: dict[str, AddedType] = {}
COMPLETED: dict[str, CompletedType] = {}


def install() -> None:
    """Enter every type into the emulator's tables; raises UnexpectedEmulatorError on a misfit."""
    handlers = _table(PROVISIONERS, "_RESOURCE_HANDLERS")
    tag_properties = _table(PROVISIONERS, "_STACK_TAG_PROPERTY")
    for name in ADDED:
        if name in handlers:
            raise UnexpectedEmulatorError(
                f"{PROVISIONERS}._RESOURCE_HANDLERS: the emulator knows {name} by itself now"
            )
    for name in REPLACED:
        if name not in handlers:
            raise UnexpectedEmulatorError(f"{PROVISIONERS}._RESOURCE_HANDLERS: there is no {name}")
    completed = {name: _completed(name, type_) for name, type_ in COMPLETED.items()}
    for name, added in (ADDED | REPLACED).items():
        handlers[name] = {
            "create": added.create,
            "update": added.update,
            "update_with_logical_id": True,
            "delete": added.delete,
        }
        if added.tagged:
            tag_properties[name] = ("Tags", "list")
    for name, functions in completed.items():
        handlers[name].update(functions)


def _table(module: str, name: str) -> dict[str, Any]:
    table = getattr(importlib.import_module(module), name, None)
    if not isinstance(table, dict):
        raise UnexpectedEmulatorError(f"{module}.{name}: there is no such table")
    return table


def _completed(name: str, type_: CompletedType) -> dict[str, Function]:
    """Return the emulator's own functions for a type, each followed by what it leaves out."""
    handlers = _table(PROVISIONERS, "_RESOURCE_HANDLERS")
    if name not in handlers:
        raise UnexpectedEmulatorError(f"{PROVISIONERS}._RESOURCE_HANDLERS: there is no {name}")
    handler = handlers[name]
    update_parameters = UPDATE_PARAMETERS + (
        ("logical_id",) if handler.get("update_with_logical_id") else ()
    )
    original_create = _handler_function(name, handler, "create", CREATE_PARAMETERS)
    original_update = _handler_function(name, handler, "update", update_parameters)

    def finished(created: Created, properties: Properties, before: Properties) -> Created:
        physical_id, attributes = created
        if type_.configure:
            type_.configure(physical_id, properties, before)
        more = type_.attributes(physical_id, properties) if type_.attributes else {}
        return physical_id, {**attributes, **more}

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        return finished(original_create(logical_id, properties, stack), properties, {})

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        return finished(original_update(physical_id, old, new, *rest), new, old)

    functions: dict[str, Function] = {"create": create, "update": update}
    if type_.delete:
        functions["delete"] = type_.delete
    return functions


def _handler_function(
    type_name: str, handler: dict[str, Function], operation: str, parameters: tuple[str, ...]
) -> Function:
    place = Place(PROVISIONERS, "_RESOURCE_HANDLERS", parameters, type_name)
    if operation not in handler:
        raise UnexpectedEmulatorError(f"{place}: there is no {operation}")
    return place.checked(handler[operation])


@PATCHES.wrap(STACKS, "_runs_on_worker_thread", parameters=("resource_type",))
def runs_on_worker_thread(original: Function, resource_type: str) -> bool:
    """Keep the event loop free while one of these handlers calls back into the emulator."""
    ours = ADDED.keys() | REPLACED.keys() | COMPLETED.keys()
    return resource_type in ours or bool(original(resource_type))
