"""What was looked at and who looked: templates, their resources, the judges."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.formats.oscal.terms import Part, Uuids, line, markup, present, prop, props, title
from evidence.model import Evidence, Row


@dataclass(frozen=True, slots=True)
class Subjects:
    """What observations point at.

    ``resources`` maps a template's path and a logical id to an inventory item's uuid,
    ``templates`` a path, and ``judges`` a name, to a component's.
    """

    system: str
    templates: Mapping[str, str]
    resources: Mapping[tuple[str, str], str]
    judges: Mapping[str, str]
    definitions: Part

    def reference(self, row: Row) -> Part:
        """Point at a row's resource, or at its template where it has none."""
        if row.resource:
            uuid = self.resources[row.template, row.resource]
            return {"subject-uuid": uuid, "type": "inventory-item"}
        return {"subject-uuid": self.templates[row.template], "type": "component"}


def subjects(evidence: Evidence, uuids: Uuids) -> Subjects:
    """Define all that was looked at, and every judge, also one that said nothing."""
    system = uuids.new("system")
    named = [each.path for each in evidence.templates] + [each.template for each in evidence.rows]
    templates = {path: uuids.new("template", path) for path in dict.fromkeys(named)}
    # The first row of a resource tells of it; one that knows the type goes first.
    rows: dict[tuple[str, str], Row] = {}
    for row in evidence.rows:
        key = (row.template, row.resource)
        if row.resource and (key not in rows or (row.type and not rows[key].type)):
            rows[key] = row
    resources = {key: uuids.new("resource", *key) for key in rows}
    judges = {each.name: uuids.new("judge", each.name) for each in evidence.judges}
    unnamed = dict.fromkeys(each.judge for each in evidence.rows if each.judge not in judges)
    judges |= {name: uuids.new("judge", name) for name in unnamed}
    definitions = present(
        components=[_system(evidence, system), *_templates(evidence, templates)],
        inventory_items=[
            _resource(row, resources[key], templates[row.template]) for key, row in rows.items()
        ],
        assessment_assets=present(
            components=_judges(evidence, judges),
            assessment_platforms=[
                present(
                    uuid=uuids.new("platform"),
                    title="The versions that judged",
                    props=props(
                        *(
                            prop("tool-version", f"{tool} {version}")
                            for tool, version in evidence.versions.items()
                        )
                    ),
                    uses_components=[{"component-uuid": uuid} for uuid in judges.values()],
                )
            ],
        ),
    )
    return Subjects(system, templates, resources, judges, definitions)


def _system(evidence: Evidence, uuid: str) -> Part:
    return present(
        uuid=uuid,
        type="this-system",
        title=title(evidence.name),
        description="The environment, as its templates at this commit describe it.",
        props=props(
            prop("tier", evidence.tier),
            prop("account", evidence.account),
            prop("region", evidence.region),
        ),
        status=_unknown(),
    )


def _templates(evidence: Evidence, uuids: Mapping[str, str]) -> list[Part]:
    files = {each.path: each for each in evidence.templates}
    written = []
    for path, uuid in uuids.items():
        file = files.get(path)
        written.append(
            present(
                uuid=uuid,
                type="software",
                title=title(file.stack if file else path) or "(unnamed)",
                description="A synthesized CloudFormation template."
                if file
                else "What a judge named that is none of the synthesized templates.",
                props=props(
                    prop("path", path),
                    *((prop("region", file.region), prop("sha-256", file.sha256)) if file else ()),
                ),
                status=_unknown(),
            )
        )
    return written


def _resource(row: Row, uuid: str, template: str) -> Part:
    return present(
        uuid=uuid,
        description=markup(row.construct_path) or markup(row.resource) or "(unnamed)",
        props=props(
            prop("logical-id", row.resource),
            prop("type", row.type),
            prop("construct-path", row.construct_path),
            prop("location", row.location),
        ),
        implemented_components=[{"component-uuid": template}],
    )


def _judges(evidence: Evidence, uuids: Mapping[str, str]) -> list[Part]:
    known = {each.name: each for each in evidence.judges}
    written = []
    for name, uuid in uuids.items():
        judge = known.get(name)
        written.append(
            present(
                uuid=uuid,
                type="software",
                title=title(name) or "(unnamed)",
                description=(judge and markup(judge.shows)) or "What it shows is not recorded.",
                props=props(prop("version", judge.version)) if judge else [],
                status={"state": "operational"},
                remarks=judge and judge.does_not_show and _not_shown(judge.does_not_show),
            )
        )
    return written


def _not_shown(text: str) -> str:
    return f"It does not show: {markup(text)}" if line(text) else ""


def _unknown() -> Part:
    return {"state": "other", "remarks": "Templates were judged; what is deployed was not."}
