"""What ``runbook check --format sarif`` prints, to the letter."""

import json

from policies.report import Report, Result, Status
from policies.rule import Rule
from policies.sarif import as_sarif

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
                ]
              }
            }
          ]
        }
      },
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
                  "startLine": 41
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
            "runbook/v1": "cb21c80696fa2731b0f39e2b90bceae922cb0a69151847dfa3155be1844c9ab5"
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
                  "startLine": 41
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
            "runbook/v1": "cb21c80696fa2731b0f39e2b90bceae922cb0a69151847dfa3155be1844c9ab5"
          },
          "suppressions": [
            {
              "kind": "external",
              "justification": "it is not locked (waived: public)"
            }
          ]
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
                  "startLine": 1
                }
              }
            }
          ],
          "partialFingerprints": {
            "runbook/v1": "0d18f866af016891d6e026ba9003500b1185041c0fe6e1db20783bd0f7403455"
          }
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
