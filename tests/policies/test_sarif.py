"""What ``runbook check --format sarif`` prints, to the letter."""

import json
from dataclasses import replace

import pytest

from policies.report import Report, Result, Status
from policies.rule import Rule
from policies.rules import all_rules
from policies.sarif import MOST_TAGS, as_sarif

RULE = Rule(
    id="bucket-locked",
    title="Buckets are locked",
    why="Records stay.",
    remedy="Lock it.",
    clauses=("ACME-SEC-1",),
    controls=("SOC2 CC6.1",),
)
FAILED = Result(
    "bucket-locked",
    Status.FAIL,
    "a.template.json",
    "Records",
    "AWS::S3::Bucket",
    "acme/Records",
    "stacks/data.py:41",
    "it is not locked",
)
PRINTED = """\
{
  "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
  "version": "2.1.0",
  "runs": [
    {
      "tool": {
        "driver": {
          "name": "runbook",
          "version": "0.1.0",
          "rules": [
            {
              "id": "bucket-locked",
              "shortDescription": {
                "text": "Buckets are locked"
              },
              "fullDescription": {
                "text": "Records stay."
              },
              "help": {
                "text": "Lock it."
              },
              "properties": {
                "tags": [
                  "ACME-SEC-1",
                  "SOC2 CC6.1"
                ],
                "clauses": [
                  "ACME-SEC-1"
                ],
                "controls": [
                  "SOC2 CC6.1"
                ]
              }
            }
          ]
        }
      },
      "invocations": [
        {
          "executionSuccessful": true,
          "toolExecutionNotifications": []
        }
      ],
      "results": [
        {
          "ruleId": "bucket-locked",
          "level": "error",
          "message": {
            "text": "it is not locked"
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "stacks/data.py"
                },
                "region": {
                  "startLine": 41,
                  "startColumn": 1,
                  "endLine": 41,
                  "endColumn": 2
                }
              },
              "logicalLocations": [
                {
                  "fullyQualifiedName": "acme/Records",
                  "kind": "resource"
                }
              ]
            }
          ],
          "partialFingerprints": {
            "primaryLocationLineHash": "c0f1a56bf661434c0fe3460e0f1416ed:1"
          }
        },
        {
          "ruleId": "bucket-locked",
          "level": "error",
          "message": {
            "text": "no bucket"
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "a.template.json"
                },
                "region": {
                  "startLine": 1,
                  "startColumn": 1,
                  "endLine": 1,
                  "endColumn": 2
                }
              }
            }
          ],
          "partialFingerprints": {
            "primaryLocationLineHash": "928e38309cdbb53d6a821c9c09d7d869:1"
          }
        },
        {
          "ruleId": "bucket-locked",
          "level": "error",
          "message": {
            "text": "it is not locked (waived: public)"
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "stacks/data.py"
                },
                "region": {
                  "startLine": 41,
                  "startColumn": 1,
                  "endLine": 41,
                  "endColumn": 2
                }
              },
              "logicalLocations": [
                {
                  "fullyQualifiedName": "acme/Records",
                  "kind": "resource"
                }
              ]
            }
          ],
          "partialFingerprints": {
            "primaryLocationLineHash": "c0f1a56bf661434c0fe3460e0f1416ed:2"
          },
          "suppressions": [
            {
              "kind": "external",
              "justification": "it is not locked (waived: public)"
            }
          ]
        }
      ],
      "columnKind": "utf16CodeUnits"
    }
  ]
}
"""


def test_it_is_printed_as_ever() -> None:
    missing = Result("bucket-locked", Status.FAIL, "a.template.json", message="no bucket")
    passed = Result("bucket-locked", Status.PASS, "a.template.json", "Drafts")
    report = Report((FAILED, FAILED.waived("public"), missing, passed), ())
    assert json.dumps(as_sarif(report, [RULE], "0.1.0"), indent=2) + "\n" == PRINTED


def many(count: int, status: Status) -> tuple[Result, ...]:
    return tuple(
        replace(FAILED, status=status, construct_path=f"acme/{status}/{n}") for n in range(count)
    )


@pytest.mark.clause("ALL-4")
def test_results_beyond_what_github_shows_are_left_out_and_counted() -> None:
    waived, failed = many(3_000, Status.WAIVED), many(4_000, Status.FAIL)
    (run,) = as_sarif(Report((*waived, *failed), ()), [RULE], "0.1.0")["runs"]
    suppressed = ["suppressions" in result for result in run["results"]]
    assert suppressed == [False] * 4_000 + [True] * 1_000
    (invocation,) = run["invocations"]
    assert invocation["toolExecutionNotifications"] == [
        {
            "level": "error",
            "message": {
                "text": "Results left out: 2,000 of 7,000, the least bad ones; GitHub shows 5,000 "
                "of a run and takes 10 MB of a file; --format json has all."
            },
        }
    ]


def test_what_could_not_be_judged_is_no_success() -> None:
    (run,) = as_sarif(Report(many(1, Status.ERROR), ()), [RULE], "0.1.0")["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize(("count", "notes"), [(MOST_TAGS - 1, 0), (MOST_TAGS, 1), (40, 1)])
def test_tags_beyond_what_github_shows_are_cut_and_stay_in_the_properties(
    count: int, notes: int
) -> None:
    """GitHub refuses a file that has a rule of more than 20."""
    controls = tuple(f"NIST AC-{n}" for n in range(count))
    (run,) = as_sarif(Report((), ()), [replace(RULE, controls=controls)], "0.1.0")["runs"]
    (described,) = run["tool"]["driver"]["rules"]
    assert described["properties"] == {
        "tags": ["ACME-SEC-1", *controls][:MOST_TAGS],
        "clauses": ["ACME-SEC-1"],
        "controls": list(controls),
    }
    told = run["invocations"][0]["toolExecutionNotifications"]
    said = (
        "Rules with more than the 10 tags that GitHub shows: 1; their clauses and controls are in "
        "their properties."
    )
    assert told == [{"level": "note", "message": {"text": said}}] * notes


def test_github_takes_every_rule_that_there_is() -> None:
    (run,) = as_sarif(Report((), ()), all_rules(), "0.1.0")["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert len(rule["properties"]["tags"]) <= 10
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
            assert 0 < len(text) <= 1_024
        assert rule["help"]["text"]


def test_a_finding_is_known_again_where_line_and_message_are_others() -> None:
    moved = replace(FAILED, location="stacks/other.py:7", message="it is open", resource="Other")
    other = replace(FAILED, construct_path="acme/Other")
    (run,) = as_sarif(Report((FAILED, other), ()), [RULE], "0.1.0")["runs"]
    (again,) = as_sarif(Report((moved,), ()), [RULE], "0.1.0")["runs"]
    known = [each["partialFingerprints"]["primaryLocationLineHash"] for each in run["results"]]
    assert known[0] != known[1]
    assert again["results"][0]["partialFingerprints"] == run["results"][0]["partialFingerprints"]
