"""OSCAL assessment results: docs/evidence-oscal.md says what stands where."""

from evidence.formats.oscal.document import as_bytes

__all__ = ["as_bytes"]
