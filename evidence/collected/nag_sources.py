"""The rules of cdk-nag's packs, read in the installed package's own JavaScript.

cdk-nag tells no list of its rules, and none of the resources that they passed. Raises
``RefusedError`` where a pack is not written as this reading knows it.
"""

import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from posixpath import normpath

from evidence.collected.javascript import (
    Kind,
    NotReadError,
    Tokens,
    end_of_group,
    parts_of,
    statements_of,
    text_of,
    tokens_of,
)
from evidence.collected.nag_question import Question, question_of, required
from policies.waivable_rules import PACKS
from runbook.model.refusal import Refusal, RefusedError

_FILES = dict(
    zip(PACKS, ("aws-solutions", "hipaa-security", "nist-800-53-r5", "pci-dss-321"), strict=True)
)
# How NagPack walks the tree and what it does with a rule's answer, as read for this module: it
# reports every failure, finding and error that is not acknowledged, and nothing else is silent.
_NAG_PACK = "lib/nag-pack.js"
_READ_NAG_PACK = "5fb5ec55077f48e672d18e7bd35af0531b9657a7dccbd284862c8d88b1a83c5a"
_SOURCE_MAP = "//# sourceMappingURL"
_GIVEN = frozenset({"node", "info", "explanation", "level", "rule"})
_OTHER_NAME = "ruleSuffixOverride"
_CITED = re.compile(r" - \(Control IDs?: (?P<controls>.*?)(?P<end>\.?)$")


@dataclass(frozen=True, slots=True)
class NagRule:
    """A rule as a pack applies it.

    ``title`` says what a failure is, ``controls`` the ids that the pack cites. ``level`` is
    ``error`` or ``warning``. ``question`` is None where it could not be read; ``unread`` says why.
    """

    id: str
    title: str
    why: str
    controls: tuple[str, ...]
    level: str
    question: Question | None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class NagSources:
    """What the installed cdk-nag holds: each pack's rules, in the order of their ids."""

    version: str
    packs: Mapping[str, tuple[NagRule, ...]]


@cache
def nag_sources() -> NagSources:
    """Read the installed package, without importing it: that would start jsii."""
    version, files = package()
    try:
        _known_walk(files[_NAG_PACK])
        packs = {name: _rules(name, f"lib/packs/{_FILES[name]}.js", files) for name in PACKS}
    except (NotReadError, KeyError) as error:
        said = str(error) if isinstance(error, NotReadError) else f"there is no {error.args[0]}"
        raise _refused(version, said) from None
    return NagSources(version, packs)


def package() -> tuple[str, dict[str, str]]:
    """Give the version, and each JavaScript file below ``lib`` without its source map."""
    spec = find_spec("cdk_nag")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted((folder / "_jsii").glob("cdk-nag@*.jsii.tgz")) if folder else []
    if len(found) != 1:
        raise _refused("(any version)", f"{len(found)} packages of it are installed")
    version = found[0].name.removeprefix("cdk-nag@").removesuffix(".jsii.tgz")
    files = {}
    with tarfile.open(found[0]) as archive:
        for member in archive:
            if member.name.endswith(".js") and (stream := archive.extractfile(member)):
                text = stream.read().decode("utf-8").partition(_SOURCE_MAP)[0]
                files[member.name.removeprefix("package/")] = text
    return version, files


def _known_walk(source: str) -> None:
    """Refuse a ``NagPack`` that nobody has read: its silence may mean something else."""
    tokens = tokens_of(source)
    start = _only(tokens, ("class", "NagPack", "{"))
    body = tokens[start : end_of_group(tokens, start + 2) + 1]
    if sha256(" ".join(body).encode()).hexdigest() != _READ_NAG_PACK:
        raise NotReadError(f"{_NAG_PACK} says otherwise what becomes of a rule's answer")


def _rules(pack: str, file: str, files: Mapping[str, str]) -> tuple[NagRule, ...]:
    """Read the rules that a pack applies to every resource, each without a condition."""
    tokens = tokens_of(files[file])
    modules = required(tokens)
    members = _members(tokens)
    _named(members["constructor"], pack)
    applied = [_call(s, members) for s in _calls(members["checkResource"])]
    if set(applied) != set(members) - {"constructor", "checkResource"}:
        raise NotReadError(f"{file} has methods of which nobody knows when they run")
    found = {}
    for method in applied:
        for call in _calls(members[method]):
            rule = _rule(pack, _argument(call), modules, files)
            if rule.id in found:
                raise NotReadError(f"{file} applies {rule.id} twice")
            found[rule.id] = rule
    return tuple(found[name] for name in sorted(found))


def _members(tokens: Tokens) -> dict[str, Tokens]:
    """Give the body of each method of the pack's class."""
    start = _only(tokens, ("extends", "nag_pack_1", ".", "NagPack", "{")) + 4
    at, end = start + 1, end_of_group(tokens, start)
    found = {}
    while at < end:
        if tokens[at + 1] != "(":
            raise NotReadError(f"{tokens[at]} of a pack is no method")
        opening = end_of_group(tokens, at + 1) + 1
        closing = end_of_group(tokens, opening)
        found[tokens[at]] = tokens[opening + 1 : closing]
        at = closing + 1
    return found


def _named(constructor: Tokens, pack: str) -> None:
    at = _only(constructor, ("this", ".", "packName", "="))
    if text_of(constructor[at + 4]) != pack:
        raise NotReadError(f"{constructor[at + 4]} is not named {pack}")


def _calls(body: Tokens) -> Iterator[Tokens]:
    """Give the statements of a method that does nothing but call others, one after the other."""
    for statement in statements_of(body):
        if statement.kind is not Kind.OTHER or statement.tokens[:2] != ("this", "."):
            raise NotReadError(f"beside its rules a pack has: {' '.join(statement.tokens[:8])}")
        yield statement.tokens


def _call(tokens: Tokens, members: Mapping[str, Tokens]) -> str:
    if tokens[3:] != ("(", "node", ")") or tokens[2] not in members:
        raise NotReadError(f"a pack calls {' '.join(tokens[:8])}")
    return tokens[2]


def _argument(tokens: Tokens) -> dict[str, Tokens]:
    """Read ``this.applyRule({ info: '...', rule: s3_1.Rule, ... })``."""
    if tokens[2:5] != ("applyRule", "(", "{") or tokens[-2:] != ("}", ")"):
        raise NotReadError(f"a pack applies a rule by {' '.join(tokens[:8])}")
    pairs = [pair for pair in parts_of(tokens[5:-2], ",") if pair]
    if any(len(pair) < 3 or pair[1] != ":" for pair in pairs):
        raise NotReadError(f"a rule of a pack is given by {' '.join(tokens[5:13])}")
    return {pair[0]: pair[2:] for pair in pairs}


def _rule(
    pack: str, given: Mapping[str, Tokens], modules: Mapping[str, str], files: Mapping[str, str]
) -> NagRule:
    """Put together what a pack says of a rule and what the rule's own module asks."""
    if given["node"] != ("node",) or not _GIVEN <= given.keys() <= {*_GIVEN, _OTHER_NAME}:
        raise NotReadError(f"a rule of {pack} is given {', '.join(given)}")
    info = _text(given["info"])
    cited = _CITED.search(info)
    if cited is None and "Control ID" in info:
        raise NotReadError(f"the controls of {info!r} cannot be read")
    module, name, source = _source(given["rule"], modules, files)
    suffix = _text(given[_OTHER_NAME]) if _OTHER_NAME in given else name
    question, unread = _asked(source)
    return NagRule(
        f"{pack}-{suffix}",
        _CITED.sub(lambda found: found["end"], info),
        _text(given["explanation"]),
        _controls(cited["controls"]) if cited else (),
        # As NagPack.addViolation does.
        "error" if given["level"][-1] == "ERROR" else "warning",
        question,
        f"{module}: {unread}" if unread else "",
    )


def _text(tokens: Tokens) -> str:
    """Read a text that may be written in parts."""
    return "".join(text_of(token) for part in parts_of(tokens, "+") for token in part)


def _controls(said: str) -> tuple[str, ...]:
    """Split ``164.312(b), 164.312(e)(1))``; one rule lacks the bracket that closes the list."""
    closed = said.count(")") > said.count("(")
    return tuple(dict.fromkeys(re.split(r",\s*", said[:-1] if closed else said)))


@cache
def _asked(source: str) -> tuple[Question | None, str]:
    try:
        return question_of(source), ""
    except NotReadError as error:
        return None, str(error)


_read_once = cache(tokens_of)


def _source(
    said: Tokens, modules: Mapping[str, str], files: Mapping[str, str]
) -> tuple[str, str, str]:
    """Find the module of ``s3_1.Rule``: its path, the rule's name and its source."""
    if len(said) != 3 or said[1] != ".":
        raise NotReadError(f"{' '.join(said)} names no rule")
    folder = normpath(f"lib/packs/{modules[said[0]]}")
    index = _read_once(files[f"{folder}/index.js"])
    exported = _only(index, ("Object", ".", "defineProperty", "(", "exports", ",", f'"{said[2]}"'))
    returned = index[exported : end_of_group(index, exported + 3)]
    at = _only(returned, ("return",))
    if returned[at + 2 : at + 5] != (".", "default", ";"):
        raise NotReadError(f"{folder} exports {said[2]} in another way")
    path = normpath(f"{folder}/{required(index)[returned[at + 1]]}.js")
    # The name of a rule is its file's, or a text that is the same.
    if path != f"{folder}/{said[2]}.js":
        raise NotReadError(f"{said[2]} stands in {path}, so its name is not known")
    return path, said[2], files[path]


def _only(tokens: Tokens, wanted: Tokens) -> int:
    """Find where these tokens stand, which must be one place."""
    found = [
        at
        for at, token in enumerate(tokens)
        if token == wanted[0] and tokens[at : at + len(wanted)] == wanted
    ]
    if len(found) != 1:
        raise NotReadError(f"{' '.join(wanted)} stands in {len(found)} places")
    return found[0]


def _refused(version: str, reason: str) -> RefusedError:
    fix = "read the package's sources, and teach evidence/collected/nag_sources.py their form"
    return RefusedError("the reading of cdk-nag", [Refusal(f"cdk-nag {version}", reason, fix)])
