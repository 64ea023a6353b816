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
        compiled(page, environment, alarms, leading)
        for page in all_pages()
        if (leading := _leading(page, alarms)) or page.section is not None
    )


def playbook(environment: Environment, asked: str) -> Playbook:
    """Find one page; ``RefusedError`` names the nearest to what nobody knows.

    ``asked`` is a page's id, an alarm's id, key or name in CloudWatch, or a section such as 5.5.
    An alarm's key or name gives the page for that alarm alone: its service, secret or queue.
    """
    known = {name: found for found in playbooks_of(environment) for name in _names(found)}
    catalogue = alarms_of(environment)
    for page in all_pages():
        for alarm in _leading(page, catalogue):
            own = compiled(page, environment, catalogue, (alarm,), alarm.subject)
            known |= dict.fromkeys(_names_of(alarm, environment.slug), own)
    wanted = asked.strip().casefold()
    if wanted not in known:
        raise RefusedError("the command line", [_unknown(environment, asked, list(known))])
    return known[wanted]


def _leading(page: Page, alarms: tuple[Alarm, ...]) -> tuple[Alarm, ...]:
    return tuple(alarm for alarm in alarms if alarm.playbook in page.alarms)


def _names(found: Playbook) -> Iterator[str]:
    """Give what stands for a whole page."""
    page = found.page
    yield from (page.id, *page.alarms, *(alarm.id for alarm in found.alarms))
    if page.section:
        yield page.section


def _names_of(alarm: Alarm, slug: str) -> Iterator[str]:
    """Give what stands for one alarm: its parts' names, too, which CloudWatch shows beside it."""
    parts = alarm.every if isinstance(alarm, CompositeAlarm) else ()
    for each in (alarm, *parts):
        yield from (each.key, each.name(slug))


def _unknown(environment: Environment, asked: str, known: list[str]) -> Refusal:
    close = get_close_matches(asked.casefold(), known, n=_SUGGESTED, cutoff=0.5)
    listed = f"`runbook playbook {environment.name}` lists them"
    fix = f"did you mean {', '.join(close)}? {listed}" if close else listed
    return Refusal(asked, "no page, alarm or section has this name", fix)
