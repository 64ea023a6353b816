"""What guards records, secrets, releases and backups: calls, ages, failures, silence."""

from collections.abc import Iterator

from runbook.alarms import event_rules
from runbook.alarms.alarm import (
    DAY,
    HOUR,
    MINUTE,
    Alarm,
    Comparison,
    Metric,
    MetricAlarm,
    Missing,
    Stands,
)
from runbook.alarms.placeholders import CERTIFICATE
from runbook.model import secret_ages
from runbook.model.environment import Environment

READERS_METRIC = "UnlistedReaders"
_NOBODY = "EventBridge counts what matched and what it sent, and says nothing where nothing did"


def custody_alarms(environment: Environment) -> Iterator[Alarm]:
    """List what is watched of records, releases, backups and the certificate."""
    yield _events(
        environment,
        "audit-tamper-attempt",
        (event_rules.TAMPER,),
        symptom="Somebody tried to change or remove locked records, their keys or the trail",
        clauses=("ROVN-ALM-6", "ROVN-PLB-5"),
        source="R5.5: S3 Object Lock alarm, who attempted what. One attempt",
        severity="sev-2",
    )
    yield _events(
        environment,
        "audit-tamper-inside-account",
        (event_rules.TAMPER_INSIDE,),
        symptom="Our own account tried to change or remove locked records, their keys or the trail",
        clauses=("ROVN-ALM-6", "ROVN-PLB-5"),
        source="R5.5: Sev 1 if the attempt originates from inside our account. One attempt",
        severity="sev-1",
    )
    yield _events(
        environment,
        "deployment-configuration-changed",
        tuple(f"detector-{what}" for what in event_rules.PAST_GATE),
        symptom="Somebody changed a service past the release gate, or shifted its traffic by hand",
        clauses=("ROVN-MIG-1", "ALL-3"),
        source="D10: one identity deploys, by the protocol; whatever goes past it. One call",
        severity="sev-1",
    )
    yield _events(
        environment,
        "deployment-configuration-changed",
        tuple(f"detector-{what}" for what in event_rules.AT_GATE),
        subject="gate",
        symptom="Somebody changed what holds releases back, or what watches that",
        clauses=("ROVN-MIG-1", "ALL-3"),
        source="D10: one identity deploys, by the protocol; whoever changes its gate. One call",
        severity="sev-1",
    )
    yield _events(
        environment,
        "deploy-failed",
        event_rules.DEPLOYS,
        symptom="A deployment, a pipeline or a stack failed and was rolled back",
        clauses=("ROVN-DEP-4", "ROVN-DEP-8"),
        source="R1: health check passes, then traffic shifts; where not, somebody looks. One event",
        severity="sev-2",
    )
    yield _events(
        environment,
        "secret-rotation-failed",
        (event_rules.ROTATION_FAILED,),
        symptom="A secret could not be rotated, or its readers did not come up with the new value",
        clauses=("ROVN-SEC-3", "ROVN-SEC-5"),
        source="D8: cadences and what follows a rotation. One event of Secrets Manager",
        severity="sev-2",
    )
    yield MetricAlarm(
        id="secret-access-drift",
        symptom="Somebody outside the lists may read a secret, or nobody looked for two hours",
        clauses=("ROVN-SEC-6",),
        source="D8: deviations from the allow-list page ops. One reader; two looks in two hours",
        severity="sev-1",
        playbook="secret-access-drift",
        resets="Two hours in which somebody looks and finds nobody outside the lists",
        metrics=(
            Metric(
                id="readers",
                namespace=secret_ages.NAMESPACE,
                name=READERS_METRIC,
                stat="Maximum",
                dimensions={"Environment": environment.name},
            ),
        ),
        # Left missing, silence is judged by older looks (docs/decisions/0039). One period, not two
        # of an hour: a grant that is taken back within the hour has to ring, too.
        expression="FILL(readers, 1)",
        unit="readers",
        comparison=Comparison.ABOVE,
        threshold=0,
        period=2 * HOUR,
        periods=1,
        breaching=1,
        missing=Missing.BAD,
        missing_because="No look is counted as one reader: who has not looked cannot tell",
    )
    yield MetricAlarm(
        id="backup-failed",
        symptom="No automated backup of the database has been finished for two days",
        clauses=("ROVN-BCK-1",),
        source="R7: daily snapshots. Two days, for two of them may be more than a day apart",
        severity="sev-2",
        playbook="backup-failed",
        resets="A finished backup",
        # What was sent may be counted a day later, when it was given up: no backup of that day.
        metrics=event_rules.matches(environment.slug, (event_rules.BACKUP_DONE,)),
        # Left missing, days without one are judged by older ones (docs/decisions/0039).
        expression=f"FILL({event_rules.BACKUP_DONE.replace('-', '_')}, 0)",
        unit="backups",
        comparison=Comparison.BELOW,
        threshold=1,
        period=DAY,
        periods=2,
        breaching=2,
        missing=Missing.BAD,
        missing_because="The expression fills what is missing with 0; a rule that never matched "
        "may have no datapoint at all, and then there was no backup",
    )
    yield MetricAlarm(
        id="certificate-expiry",
        symptom="The certificate runs out soon and was not renewed by itself",
        clauses=("ROVN-NET-1",),
        source=f"Our own reading: ACM renews 60 days before; {environment.alarms.certificate_days} "
        "days leave time to mend the DNS record",
        severity="sev-2",
        playbook="certificate-expiry",
        stands=Stands.PLATFORM,
        resets="A day after a renewal",
        metrics=(
            Metric(
                id="days",
                namespace="AWS/CertificateManager",
                name="DaysToExpiry",
                stat="Minimum",
                dimensions={"CertificateArn": CERTIFICATE},
            ),
        ),
        unit="days",
        comparison=Comparison.BELOW,
        threshold=environment.alarms.certificate_days,
        period=DAY,
        periods=1,
        breaching=1,
        missing=Missing.UNKNOWN,
        missing_because="ACM tells twice a day of a certificate in use; a new one is of no age yet",
    )


def secret_alarms(environment: Environment) -> Iterator[Alarm]:
    """List the alarms on the age of each secret (docs/decisions/0033)."""
    ids = {"due-soon": ("secret-due-soon", "sev-4"), "late": ("secret-overdue", "sev-3")}
    for name, secret in environment.secrets.items():
        for age in secret_ages.age_alarms(secret):
            id_, severity = ids[age.symptom]
            yield MetricAlarm(
                id=id_,
                subject=name,
                symptom=f"{name} is at {age.threshold} % of its {secret.rotation_days} days, "
                "or nobody has measured it",
                clauses=("ROVN-SEC-3",),
                source=f"R6, D8: every {secret.rotation_days} days, by {secret.owner}",
                severity=severity,
                playbook=id_,
                resets="A new value",
                metrics=(
                    Metric(
                        id="age",
                        namespace=secret_ages.NAMESPACE,
                        name=secret_ages.METRIC,
                        stat="Maximum",
                        dimensions={"Environment": environment.name, "Secret": name},
                    ),
                ),
                unit="% of the cadence",
                comparison=Comparison(age.comparison),
                threshold=age.threshold,
                period=secret_ages.WINDOW_HOURS * HOUR,
                periods=1,
                breaching=1,
                missing=Missing.BAD,
                missing_because="Who cannot tell the age cannot tell that it is well",
            )


def _events(
    environment: Environment,
    id_: str,
    rules: tuple[str, ...],
    *,
    subject: str | None = None,
    symptom: str,
    clauses: tuple[str, ...],
    source: str,
    severity: str,
) -> MetricAlarm:
    """Ring for one event; one that is counted up to ten minutes late is in a window yet."""
    return MetricAlarm(
        id=id_,
        subject=subject,
        symptom=symptom,
        clauses=clauses,
        source=source,
        severity=severity,
        playbook=id_,
        resets="A quarter of an hour without another one",
        metrics=event_rules.matches_and_sent(environment.slug, rules),
        expression=event_rules.total(rules),
        unit="events",
        comparison=Comparison.AT_LEAST,
        threshold=1,
        period=5 * MINUTE,
        periods=3,
        breaching=1,
        missing=Missing.WELL,
        missing_because=_NOBODY,
    )
