"""OSCAL assessment results: docs/evidence-oscal.md says what stands where."""

from evidence.formats.oscal.document import as_bytes, oscal_version, refuse_unwritable

__all__ = ["as_bytes", "oscal_version", "refuse_unwritable"]
