"""The files of a bundle: what each is called, and who writes it."""

from collections.abc import Mapping

PAGE, RESULTS = "index.html", "results.csv"
EVIDENCE = "evidence.json"
SARIF, WORKBOOK = "results.sarif", "evidence.xlsx"
# The file, and the module of evidence/formats whose ``as_bytes`` writes it.
FORMATS: Mapping[str, str] = {
    PAGE: "page",
    EVIDENCE: "evidence_json",
    RESULTS: "results_csv",
    "nag-report.csv": "nag_csv",
    SARIF: "sarif",
    WORKBOOK: "workbook",
}
OSCAL: Mapping[str, str] = {"assessment-results.json": "oscal"}
