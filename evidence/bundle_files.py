"""The files of a bundle: what each is called, and who writes it."""

from collections.abc import Mapping

PAGE = "index.html"
EVIDENCE = "evidence.json"
RESULTS = "results.csv"
NAG_REPORT = "nag-report.csv"
SARIF = "results.sarif"
WORKBOOK = "evidence.xlsx"
ASSESSMENT = "assessment-results.json"
# The file, and the module of evidence/formats whose ``as_bytes`` writes it.
FORMATS: Mapping[str, str] = {
    PAGE: "page",
    EVIDENCE: "evidence_json",
    RESULTS: "results_csv",
    NAG_REPORT: "nag_csv",
    SARIF: "sarif",
    WORKBOOK: "workbook",
}
OSCAL: Mapping[str, str] = {ASSESSMENT: "oscal"}
