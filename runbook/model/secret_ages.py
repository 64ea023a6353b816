"""When the age of a secret asks for somebody: the metric, and what alarms on it (ROVN-SEC-3)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from runbook.model.rotation import OPERATOR_SUPPLIED
from runbook.model.secrets import Secret

# Whole days in percent of the cadence, by secret: 100 is due. A secret without a value counts more
# than any age.
NAMESPACE, METRIC = "Runbook/Secrets", "AgePercentOfCadence"
WITHOUT_VALUE = 1000
MEASURED_EVERY_HOURS = 6
# What alarms looks back over this long: one measurement may be lost. Silence rings when it fills
# what CloudWatch fetches beyond that, too (docs/decisions/0039).
WINDOW_HOURS = 2 * MEASURED_EVERY_HOURS
# Percent of the cadence.
DUE_SOON, LATE = 80, 100
AT_LEAST, MORE_THAN = "GreaterThanOrEqualToThreshold", "GreaterThanThreshold"


@dataclass(frozen=True)
class AgeAlarm:
    """One alarm on the age of one secret: its symptom, and when it is so, in percent."""

    symptom: str
    threshold: int
    comparison: str

    def rings(self, percent: float) -> bool:
        """Say whether it is so at this age, in percent of the cadence."""
        if self.comparison == AT_LEAST:
            return percent >= self.threshold
        return percent > self.threshold

    def first_day(self, cadence_days: int) -> int:
        """Count the whole days after which it is so."""
        days = cadence_days * self.threshold / 100
        return math.ceil(days) if self.comparison == AT_LEAST else math.floor(days) + 1


def age_percent(secret: Secret, days: float | None) -> float:
    """Tell an age in percent of the cadence as the metric counts it: whole days, rounded down.

    ``days`` is None without a value.
    """
    return WITHOUT_VALUE if days is None else max(0, int(days)) * 100 / secret.rotation_days


def is_late(secret: Secret, percent: float) -> bool:
    """Say whether a secret of this age alarms as late."""
    return any(each.symptom == "late" and each.rings(percent) for each in age_alarms(secret))


def age_alarms(secret: Secret) -> Iterator[AgeAlarm]:
    """List the alarms on a secret's age.

    Who brings a value is asked early. What a function rotates is on time at 100: AWS begins at any
    hour of the day that it is due, and nobody has to do anything before.
    """
    if secret.mechanism == OPERATOR_SUPPLIED:
        yield AgeAlarm("due-soon", DUE_SOON, AT_LEAST)
        yield AgeAlarm("late", LATE, AT_LEAST)
    else:
        yield AgeAlarm("late", LATE, MORE_THAN)
