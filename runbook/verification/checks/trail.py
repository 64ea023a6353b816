"""The trail delivers: that it is declared to log says nothing of what arrives."""

from datetime import timedelta

from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

# CloudTrail delivers within minutes, and there are always management events.
LONGEST_SILENCE = timedelta(hours=2)


@checks_that("trail", "ROVN-AUD-1", "ROVN-ALM-6")
def trail(live: Live, inspection: Inspection) -> None:
    """Want trails that log, whose last delivery and digest went well, not long ago."""
    for found in live.of_type("AWS::CloudTrail::Trail"):
        with inspection.looking_at(found.where):
            told = found.client("cloudtrail").get_trail_status(Name=found.id)
            if not told["IsLogging"]:
                fix = f"aws cloudtrail start-logging --name {found.id}; find who stopped it"
                inspection.breach(found.where, "the trail does not log", fix)
            for what, error in (
                ("delivery", told.get("LatestDeliveryError")),
                ("digest", told.get("LatestDigestDeliveryError")),
                ("delivery to CloudWatch Logs", told.get("LatestCloudWatchLogsDeliveryError")),
            ):
                if error:
                    fix = "look at the bucket's policy, its key's policy and the log group's role"
                    inspection.breach(found.where, f"its last {what} failed: {error}", fix)
            _late(found.where, told.get("LatestDeliveryTime"), live, inspection)


def _late(where: str, last: object, live: Live, inspection: Inspection) -> None:
    if not hasattr(last, "tzinfo"):
        inspection.unverified(where, "CloudTrail tells of no delivery yet", "look again in an hour")
    elif live.now - last > LONGEST_SILENCE:  # type: ignore[operator]
        fix = "look at the trail in the console; its bucket may have refused it without a word"
        inspection.breach(where, f"nothing was delivered since {last:%Y-%m-%d %H:%M} UTC", fix)
