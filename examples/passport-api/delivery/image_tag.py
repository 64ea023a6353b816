"""The tag of an image: `prod-YYYYMMDDhhmmss[-suffix]`, in UTC (ROVN-DEP-2).

`python -m delivery.image_tag` prints the tag of a build that starts now; IMAGE_SUFFIX names the
change, for example the branch.
"""

import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

_MAXIMUM_LENGTH = 128  # of a tag in ECR
_PREFIX = "prod-"
_TAG = re.compile(r"prod-(?P<time>\d{14}|\d{12})(?:-(?P<suffix>[A-Za-z0-9_.-]+))?", re.ASCII)


class UnreadableTagError(ValueError):
    """The text is no tag that this pipeline or the documents would write."""


@dataclass(frozen=True)
class ImageTag:
    """When an image was built, and for what."""

    built: datetime
    suffix: str = ""

    def __str__(self) -> str:
        """Write the form with seconds, which tells two builds of one minute apart."""
        tag = f"{_PREFIX}{self.built.astimezone(UTC):%Y%m%d%H%M%S}"
        return f"{tag}-{self.suffix}" if self.suffix else tag


def make_tag(built: datetime, suffix: str = "") -> ImageTag:
    """Tag an image built at `built`, an aware time; `suffix` may be any text.

    What ECR refuses in a tag becomes a hyphen, and what is too long is cut.
    """
    if built.tzinfo is None:
        raise ValueError("the build's time needs a time zone")
    room = _MAXIMUM_LENGTH - len(str(ImageTag(built))) - len("-")
    fit = re.sub(r"[^A-Za-z0-9_.-]+", "-", suffix).strip("-._")[:room].rstrip("-._")
    return ImageTag(built.astimezone(UTC).replace(microsecond=0), fit)


def parse_tag(text: str) -> ImageTag:
    """Read a tag with seconds, or one without as the documents show; raises UnreadableTagError."""
    match = _TAG.fullmatch(text)
    if match is None or len(text) > _MAXIMUM_LENGTH:
        raise UnreadableTagError(
            f"{text!r} is no image tag: expected prod-YYYYMMDDhhmmss[-suffix], or without seconds"
        )
    digits = match["time"]
    pattern = "%Y%m%d%H%M%S" if len(digits) == len("YYYYMMDDhhmmss") else "%Y%m%d%H%M"
    try:
        built = datetime.strptime(digits, pattern).replace(tzinfo=UTC)
    except ValueError as error:
        raise UnreadableTagError(f"{text!r} is no image tag: {digits} is no time") from error
    return ImageTag(built, match["suffix"] or "")


if __name__ == "__main__":
    sys.stdout.write(f"{make_tag(datetime.now(UTC), os.environ.get('IMAGE_SUFFIX', ''))}\n")
