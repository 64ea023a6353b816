"""All results as compact JSON inside the page: each text once, rows as numbers.

``page_files/results.js`` reads it; the names of the keys are agreed between the two.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evidence.model import Evidence, Row, Verdict
from evidence.plain_words import VERDICTS
from policies.waivable_rules import RUNBOOK

_ORDER = list(Verdict)
# In a script element these would end it or open a comment; JSON knows them as escapes.
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


class _Interned(dict[Any, int]):
    """The number of each thing, in the order in which things were first asked for."""

    def __missing__(self, thing: object) -> int:
        self[thing] = len(self)
        return self[thing]


def as_json(evidence: Evidence, anchors: Mapping[str, Mapping[str, str]]) -> str:
    """Write the results for a script element.

    ``anchors`` gives the ids of elements of the page: by ``clause`` and ``control``, by their ids.
    """
    written = json.dumps(_tables(evidence, anchors), ensure_ascii=False, separators=(",", ":"))
    return written.translate(_ESCAPES)


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """Sort by verdict as the model lists them, and leave the order within each as it is."""
    return sorted(rows, key=lambda row: _ORDER.index(row.verdict))


def _tables(evidence: Evidence, anchors: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    places, texts, cites, rules = _Interned(), _Interned(), _Interned(), _Interned()
    templates, clauses, controls = _Interned(), _Interned(), _Interned()
    for clause in evidence.clauses:
        clauses[clause.id]
    for control in evidence.controls:
        controls[control.id]
    for template in evidence.templates:
        templates[template.path]
    rows = worst_first(evidence.rows)
    numbers = [
        (
            rules[row.judge, row.rule],
            places[
                templates[row.template], row.resource, row.type, row.construct_path, row.location
            ],
            texts[row.message, row.reason, row.level],
            cites[
                tuple(clauses[each] for each in row.clauses),
                tuple(controls[each] for each in row.controls),
            ],
        )
        for row in rows
    ]
    named = [(judge.name, "") for judge in evidence.judges]
    told = {(rule.judge, rule.id): (rule.title, rule.why, rule.remedy) for rule in evidence.rules}
    return {
        "verdicts": [[verdict.value, *VERDICTS[verdict]] for verdict in _ORDER],
        "judges": list(dict.fromkeys(judge for judge, _ in [*named, *rules])),
        "rules": [[judge, id_, *told.get((judge, id_), ("", "", ""))] for judge, id_ in rules],
        "own": RUNBOOK,
        "templates": list(templates),
        "places": list(places),
        "texts": list(texts),
        "clauses": [[each, anchors["clause"].get(each, "")] for each in clauses],
        "controls": [[each, anchors["control"].get(each, "")] for each in controls],
        "cites": list(cites),
        "rows": {
            "verdict": "".join(str(_ORDER.index(row.verdict)) for row in rows),
            **{
                name: [row[column] for row in numbers]
                for column, name in enumerate(("rule", "place", "text", "cite"))
            },
        },
    }
