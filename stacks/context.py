"""The CDK's context: the same for `cdk synth` and for `python app.py` alone."""

import json
import os
from pathlib import Path
from typing import Any

from runbook.model.refusal import Refusal, RefusedError

CDK_JSON = Path(__file__).resolve().parents[1] / "cdk.json"
FIXED = {
    # policies/findings.py judges what the plugins find: the CDK lets a plugin that raises pass.
    "@aws-cdk/core:failSynthOnValidationErrors": False,
    # As the CLI sets them, so that templates are the same with and without it.
    "aws:cdk:enable-asset-metadata": True,
    "aws:cdk:enable-path-metadata": True,
}
# Creation traces name the CDK's own unpacking folder: no two syntheses would be alike.
_WITHOUT_TRACES = {"aws:cdk:disable-creation-stack-traces": True}


def source_lines() -> bool:
    """Whether findings shall name lines of code: JSII_HOST_STACK_TRACES=1, three times as slow."""
    return os.environ.get("JSII_HOST_STACK_TRACES") == "1"


def cdk_context() -> dict[str, Any]:
    """Merge cdk.json's context, which `python app.py` alone would miss, with the CLI's.

    Raises ``RefusedError`` when CDK_CONTEXT_JSON, which the CLI sets, is not a JSON object.
    """
    flags = json.loads(CDK_JSON.read_text("utf-8"))["context"]
    traces = {} if source_lines() else _WITHOUT_TRACES
    return {**flags, **_context_of_the_cli(), **FIXED, **traces}


def _context_of_the_cli() -> dict[str, Any]:
    try:
        given = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    except ValueError:
        given = None
    if not isinstance(given, dict):
        fix = "leave it to the CDK CLI, or write a JSON object"
        refusal = Refusal("context", "it is not a JSON object", fix)
        raise RefusedError("CDK_CONTEXT_JSON", [refusal])
    return given
