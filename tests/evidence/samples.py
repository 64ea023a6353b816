"""A small environment's evidence, with one of everything that a format has to write."""

from dataclasses import replace

from evidence.model import (
    SCHEMA,
    AlarmTested,
    ClauseEntry,
    Commit,
    ControlEntry,
    Drill,
    Evidence,
    Judge,
    JudgedRule,
    Keeper,
    Rehearsal,
    Row,
    Standing,
    TemplateFile,
    Verdict,
    WaiverEntry,
)

_TEMPLATE = "assembly-acme-production/AcmeData.template.json"
_BUCKET = "acme-production/Data/Records/Resource"


COMMIT = Commit("0123456789abcdef0123456789abcdef01234567", "2026-05-04T03:02:01Z", clean=True)
# As of a release, whose deployed templates name none.
NO_COMMIT = Commit("unknown", "unknown", clean=False)


def row(verdict: Verdict, rule: str = "bucket-encrypted", **changes: object) -> Row:
    """Make a row of our own rules at a bucket."""
    made = Row(
        judge="Runbook",
        rule=rule,
        verdict=verdict,
        template=_TEMPLATE,
        resource="Records",
        type="AWS::S3::Bucket",
        construct_path=_BUCKET,
        location="stacks/data_stack.py:41",
        message="" if verdict is Verdict.PASS else "BucketEncryption is missing",
        reason="It holds what is public anyway." if verdict is Verdict.WAIVED else "",
        clauses=("ACME-SEC-1",),
        controls=("HIPAA 164.312(a)(2)(iv)", "SOC2 CC6.1"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def evidence(**changes: object) -> Evidence:
    """Make evidence with every verdict, every standing, an open clause and an odd text."""
    made = Evidence(
        schema=SCHEMA,
        organisation="acme",
        environment="production",
        tier="phi",
        account="111122223333",
        region="us-east-2",
        commit=COMMIT,
        versions={"aws-cdk-lib": "2.275.0", "cdk-nag": "3.0.2", "runbook": "0.1.0"},
        templates=(TemplateFile(_TEMPLATE, "acme-production-data", "us-east-2", "ab" * 32),),
        judges=(
            Judge("Runbook", "0.1.0", "Every rule at every resource.", "What no rule asks."),
            Judge("HIPAA.Security", "3.0.2", "Its failures.", "That a silent rule applied."),
        ),
        rules=(
            JudgedRule(
                "Runbook",
                "bucket-encrypted",
                "Buckets are encrypted with a customer managed key",
                "Records are PHI.",
                "Set BucketEncryption.",
                ("ACME-SEC-1",),
                ("HIPAA 164.312(a)(2)(iv)", "SOC2 CC6.1"),
            ),
            JudgedRule(
                "HIPAA.Security", "HIPAA.Security-S3BucketLoggingEnabled", "Buckets are logged"
            ),
        ),
        rows=(
            row(Verdict.PASS),
            row(Verdict.FAIL, "bucket-versioned", resource="Drafts"),
            row(Verdict.WAIVED, "bucket-locked"),
            row(Verdict.ERROR, "bucket-owned", message="the rule itself failed: KeyError: 'x'"),
            row(Verdict.NOT_APPLICABLE, "queue-encrypted"),
            row(
                Verdict.NO_FINDING,
                "HIPAA.Security-S3BucketLoggingEnabled",
                judge="HIPAA.Security",
                controls=("HIPAA 164.312(b)",),
                clauses=(),
                message="",
            ),
            row(
                Verdict.FAIL,
                "stack-protected",
                resource="",
                type="",
                construct_path="",
                location="",
                message='=cmd|"<script>alert(1)</script>", with a comma and ünïcode',
            ),
        ),
        controls=(
            ControlEntry(
                "HIPAA 164.312(a)(2)(iv)",
                "Encryption and decryption",
                "HIPAA, 45 CFR part 164",
                "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164",
                Standing.BROKEN,
                ("ACME-SEC-1",),
                {"Runbook::bucket-encrypted": {Verdict.PASS: 1, Verdict.FAIL: 1}},
                ("bucket-full",),
                ("restore",),
                2,
                (),
            ),
            ControlEntry(
                "HIPAA 164.310(b)",
                "Workstation use",
                "HIPAA, 45 CFR part 164",
                "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164",
                Standing.GAP,
                (),
                {},
                (),
                (),
                0,
                ("nothing in this repository speaks for it",),
            ),
            ControlEntry(
                "SOC2 CC6.1",
                "Logical access",
                "SOC 2",
                "https://www.aicpa-cima.com/",
                Standing.EXCEPTIONS,
                ("ACME-SEC-1",),
                {"Runbook::bucket-locked": {Verdict.WAIVED: 1}},
                (),
                (),
                1,
                ("bucket-locked is waived at 1 resource",),
            ),
            ControlEntry(
                "NIST AU-2",
                "Event logging",
                "NIST 800-53 R5",
                "https://csrc.nist.gov/",
                Standing.HELD,
                ("ACME-LOG-1",),
                {"Runbook::bucket-logged": {Verdict.PASS: 3}},
                (),
                (),
                3,
                (),
            ),
            ControlEntry(
                "HIPAA 164.312(b)",
                "Audit controls",
                "HIPAA, 45 CFR part 164",
                "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164",
                Standing.WEAK,
                (),
                {"HIPAA.Security::HIPAA.Security-S3BucketLoggingEnabled": {Verdict.NO_FINDING: 1}},
                (),
                (),
                1,
                ("only judges that tell failures alone looked",),
            ),
        ),
        clauses=(
            ClauseEntry(
                "ACME-SEC-1",
                "Records are encrypted.",
                "runbook, section 4",
                "kept",
                "",
                applies=True,
                keepers=(
                    Keeper(
                        "rule", "bucket-encrypted", "policies/rules/bucket_encrypted.py", "t.py"
                    ),
                ),
            ),
            ClauseEntry(
                "ACME-LOG-1",
                "Access is logged.",
                "runbook, section 5",
                "kept in part",
                "logs of the database wait for a later release",
                applies=True,
                keepers=(Keeper("alarm", "bucket-full", "runbook/alarms/catalogue.py"),),
            ),
        ),
        waivers=(
            WaiverEntry(
                "waiver[0] (line 21)",
                ("Runbook::bucket-locked",),
                ("Data/Records/Resource",),
                "It holds what is public anyway.",
                "platform-engineering",
                "2027-05-31",
                1,
            ),
        ),
        alarm_tests=(AlarmTested("bucket-full", ("ACME-LOG-1",), 12, 0, 3, 9),),
        rehearsal=Rehearsal(
            "acme/staging",
            "2026-05-01T10:00:00+00:00",
            "cd" * 32,
            (
                Drill("restore", ("ACME-SEC-1",), "passed", 12.5, ("a table is back",)),
                Drill("gate", ("ACME-LOG-1",), "not exercisable", 0.0, (), "no containers"),
            ),
            COMMIT,
        ),
        gaps=("The rehearsal was of acme/staging.",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]
