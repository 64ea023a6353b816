"""What a test that failed says: which minute, what was expected and got, and what led to it."""

from collections.abc import Iterator, Sequence

from policies.terminal import plain, red, yellow
from runbook.alarms.words import span
from simulator.cloudwatch.definitions import Alarm, MetricAlarm, MetricQuery
from simulator.cloudwatch.observation import Seen
from simulator.testing.drawing import Characters, Timeline, drawn, drawn_states
from simulator.testing.durations import written
from simulator.testing.verdict import Played, Verdict, changes

# Datapoints of one evaluation, the newest, and changes of state, the first.
MOST_LISTED = 16
HANGS = "depends on how many extra datapoints CloudWatch fetches"


def failure(played: Played, verdict: Verdict, unit: str, characters: Characters) -> list[str]:
    """Write what an engineer needs of one expectation that did not come true.

    ``unit`` is what the threshold counts, where that is known.
    """
    step = played.replay.grid.step
    pairs = [
        ("test", plain(played.case.name) or f"tests[{played.number}]"),
        ("alarm", plain(played.alarm.name)),
        ("means", plain(meaning(played.alarm, unit))),
        ("expected", _expected(verdict)),
        ("got", _got(verdict, step)),
        ("states", _changes(changes(played.replay, played.alarm.name), step)),
    ]
    if verdict.hangs_on:
        pairs.append(("but", hanging(verdict)))
    wide = max(len(word) for word, _ in pairs)
    place = f"{played.file.path}:{verdict.line}"
    lines = [f"{red('FAIL')} {place}  {plain(played.label)}"]
    lines += [f"  {word:<{wide}}  {text}" for word, text in pairs]
    return [*lines, *(f"  {line}".rstrip() for line in _evidence(played, verdict, characters))]


def meaning(alarm: Alarm, unit: str = "") -> str:
    """Say when an alarm rings, as the template has it."""
    if not isinstance(alarm, MetricAlarm):
        return alarm.rule
    threshold = f"{alarm.comparison.sign} {alarm.threshold:.15g} {unit}".rstrip()
    window = f"{alarm.breaching} of {alarm.periods} datapoints of {span(alarm.period)}"
    return f"{threshold}, {window}, missing = {alarm.missing.value}"


def hanging(verdict: Verdict) -> str:
    """Say with which numbers of extra datapoints an expectation would come out otherwise."""
    numbers = ", ".join(str(number) for number in verdict.hangs_on)
    otherwise = "fails" if verdict.passed else "passes"
    return f"{HANGS}: with {numbers} it {otherwise}"


def note(played: Played, verdict: Verdict, *, strict: bool) -> str:
    """Write the line of an expectation that holds, but not with each number."""
    word = red("FAIL") if strict else yellow("note")
    return f"{word} {played.file.path}:{verdict.line}  {plain(played.label)}  {hanging(verdict)}"


def _expected(verdict: Verdict) -> str:
    wanted = verdict.expectation
    when = f"at {written(wanted.at)}"
    if wanted.since is not None:
        when = f"from {written(wanted.since)} to {written(wanted.at)}"
    action = f", its actions: {wanted.action}" if wanted.action else ""
    return f"{wanted.state} {when}{action}"


def _got(verdict: Verdict, step: int) -> str:
    wanted, event = verdict.expectation, verdict.event
    got = f"{verdict.state} at {written(verdict.step * step)}"
    if wanted.action is None or verdict.state is not wanted.state:
        return got
    if event is None:
        return f"{got}, which was not entered before"
    because = f" ({event.because})" if event.because else ""
    became = event.outcome or "not known"
    return f"{got}, its actions: {became} at {written(event.step * step)}{plain(because)}"


def _changes(changed: Sequence[tuple[int, str]], step: int) -> str:
    told = [] if changed and changed[0][0] == 0 else ["INSUFFICIENT_DATA from the beginning"]
    told += [f"{state} at {written(at * step)}" for at, state in changed[:MOST_LISTED]]
    told += [f"and {len(changed) - MOST_LISTED} more"] if len(changed) > MOST_LISTED else []
    return ", ".join(told)


def _evidence(played: Played, verdict: Verdict, characters: Characters) -> Iterator[str]:
    replay, alarm = played.replay, played.alarm
    step = replay.grid.step
    timeline = Timeline(replay.grid.steps, step, verdict.step, characters)
    if isinstance(alarm, MetricAlarm):
        yield from _table(replay.seen(alarm.name, verdict.step), alarm, step)
        yield ""
        values, states = replay.datapoints[alarm.name], replay.states[alarm.name]
        yield from drawn(values, alarm, states, timeline)
        return
    for name in replay.alarms:
        if name != alarm.name:
            yield f"{plain(name)}: {_changes(changes(replay, name), step)}"
    yield ""
    rows = {plain(name): replay.states[name] for name in replay.alarms}
    yield from drawn_states(rows, timeline)


def _table(seen: Sequence[Seen], alarm: MetricAlarm, step: int) -> Iterator[str]:
    """Lay the datapoints of one evaluation out, the newest last."""
    if not seen:
        yield "CloudWatch had looked at nothing yet"
        return
    yield "CloudWatch would have looked at:"
    ids = [q.id for q in alarm.queries if isinstance(q, MetricQuery)]
    ids = [id_ for id_ in ids if id_ != alarm.returned]
    rows = [("from", "to", *ids, alarm.returned, "")]
    for one in seen[-MOST_LISTED:]:
        found = (_number(one.values.get(id_)) for id_ in ids)
        times = (_time(one.start * step), _time(one.end * step))
        rows.append((*times, *found, _number(one.value), one.use.value))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [f"{cell:>{wide}}" for cell, wide in zip(row[:-1], widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
    if len(seen) > MOST_LISTED:
        yield f"and {len(seen) - MOST_LISTED} older ones"


def _time(seconds: int) -> str:
    return f"-{written(-seconds)}" if seconds < 0 else written(seconds)


def _number(value: float | None) -> str:
    return "missing" if value is None else f"{value:.6g}"
