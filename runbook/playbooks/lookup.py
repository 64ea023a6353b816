"""From what an operator types to a page: its id, an alarm, a section of the documents."""

from collections.abc import Iterator
from difflib import get_close_matches

from runbook.alarms.alarm import Alarm, CompositeAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError
from runbook.playbooks.compiled import Playbook, compiled
from runbook.playbooks.page import Page, UnusablePageError, all_pages

_SUGGESTED = 3


def playbooks_of(environment: Environment) -> tuple[Playbook, ...]:
    """Fill in every page that an environment's alarms or the documents lead to.

    Raises ``UnusablePageError`` for an alarm without a page, or with two.
    """
    alarms = alarms_of(environment)
    for alarm in alarms:
        pages = [page.id for page in all_pages() if alarm.playbook in page.alarms]
        if len(pages) != 1:
            raise UnusablePageError(f"{alarm.key} has {len(pages)} pages: {', '.join(pages)}")
    return tuple(
        compiled(page, environment, leading)
        for page in all_pages()
        if (leading := _leading(page, alarms)) or page.section is not None
    )


def playbook(environment: Environment, asked: str) -> Playbook:
    """Find one page; ``RefusedError`` names the nearest to what nobody knows.

    ``asked`` is a page's id, an alarm's id, key or name in CloudWatch, or a section such as 5.5.
    An alarm's key or name gives the page for its own service, secret or queue.
    """
    alarms = alarms_of(environment)
    known: dict[str, tuple[Page, str | None]] = {}
    for page in all_pages():
        leading = _leading(page, alarms)
        if not leading and page.section is None:
            continue
        for name, subject in _names(environment, page, leading):
            known.setdefault(name, (page, subject))
    found = known.get(asked.strip().casefold())
    if found is None:
        raise RefusedError("the command line", [_unknown(environment, asked, list(known))])
    page, subject = found
    return compiled(page, environment, _leading(page, alarms), subject)


def _leading(page: Page, alarms: tuple[Alarm, ...]) -> tuple[Alarm, ...]:
    return tuple(alarm for alarm in alarms if alarm.playbook in page.alarms)


def _names(
    environment: Environment, page: Page, alarms: tuple[Alarm, ...]
) -> Iterator[tuple[str, str | None]]:
    """Give what a page may be asked by, and what it is then about."""
    yield from ((name, None) for name in (page.id, *page.alarms, page.section) if name)
    for alarm in alarms:
        parts = alarm.every if isinstance(alarm, CompositeAlarm) else ()
        for each in (alarm, *parts):
            yield each.id, None
            yield each.key, each.subject
            yield each.name(environment.slug), each.subject


def _unknown(environment: Environment, asked: str, known: list[str]) -> Refusal:
    close = get_close_matches(asked.casefold(), known, n=_SUGGESTED, cutoff=0.5)
    listed = f"`runbook playbook {environment.name}` lists them"
    fix = f"did you mean {', '.join(close)}? {listed}" if close else listed
    return Refusal(asked, "no page, alarm or section has this name", fix)
