"""Thinning: old steps become averages, and of old examinations and events those that tell of each hour are left, so
that a year of them stays small.

What is looked at later comes out of these as it would have come out of all: the best of any day, the first and the last
examination of it, how often something happened. A curve goes through real examinations still, each at most an hour
before the one that would have stood there. Hours are those of a time zone, so that no day begins within one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

from sqlite_utils import Database

ROWS = 1_000  # that are looked at in one go, for others wait meanwhile

# Of those on the same paper: the first, the last, the best, the one of most steps, and the last at which it was heard.
_EXAMINATIONS = """
    select id, at, hour, 1 as times, min(
        row_number() over (paper order by id), row_number() over (paper order by id desc),
        row_number() over (paper order by bits_per_byte is null, bits_per_byte, id),
        row_number() over (paper order by step desc, id desc),
        row_number() over (paper order by known_words is null, id desc)) as place
    from (select *, hour_of(at) as hour from evaluations where at >= ? and at < ? order by at limit ?)
    window paper as (partition by hour, run_id, bytes)"""
# Of events of a kind the last, which says how many there were; of bells, of which each is asked for, the last of each.
_EVENTS = """
    select id, at, hour, sum(times) over kind as times, row_number() over (kind order by id desc) as place
    from (select *, hour_of(at) as hour from events where at >= ? and at < ? order by at limit ?)
    window kind as (partition by hour, run_id, kind, case when kind like 'rang%' then text end)"""


def thin_steps(db: Database, every_step: int, hundreds: int) -> None:
    """Steps older than the newest ``every_step`` become averages over 100, older than ``hundreds`` over 10,000.

    Loss and the like are weighted by the steps they stand for; ``span`` says how many those are.
    """
    newest = next(db.query("select coalesce(max(step), 0) as step from steps"))["step"]
    averaged = "loss bits_per_byte accuracy gradient_norm learning_rate tokens review_tokens seconds "
    averaged += "red green blue expected_red expected_green expected_blue"
    known = "case when {0} is not null then span end"  # a step that was not finite has no loss
    means = ", ".join(f"sum({name} * span) / sum({known.format(name)})" for name in averaged.split())
    columns = ", ".join(averaged.split())
    for width, age in ((100, every_step), (10_000, hundreds)):
        limit = (newest - age) // width * width
        where = f"step <= {limit} and span < {width}"
        db.execute(
            f"create temp table merged as select max(step) as step, max(run_id) as run_id, max(at) as at, "
            f"sum(span) as span, {means} from steps where {where} group by (step - 1) / {width}"
        )  # noqa: S608
        db.execute(f"delete from steps where {where}")
        db.execute(f"insert or replace into steps (step, run_id, at, span, {columns}) select * from merged")
        db.execute("drop table merged")


@dataclass(frozen=True, slots=True)
class Thinned:
    """Until which moments the hours are thinned, and whether that is ``all`` of what there is to thin now. To begin
    anew does no harm."""

    examinations: str = ""
    events: str = ""
    all: bool = False


def thin_hours(db: Database, thinned: Thinned, before: str, zone: tzinfo, rows: int = ROWS) -> Thinned:
    """Go on with the examinations and the events that are older than a moment, with so many of each at most."""
    db.conn.create_function("hour_of", 1, _hours_of(zone), deterministic=True)
    examinations, more = _thin(db, "evaluations", _EXAMINATIONS, thinned.examinations, before, rows)
    events, more_events = _thin(db, "events", _EVENTS, thinned.events, before, rows)
    return Thinned(examinations, events, all=not more and not more_events)


def _thin(db: Database, table: str, ranked: str, after: str, before: str, rows: int) -> tuple[str, bool]:
    """The moment to go on from, and whether there is more. It is the beginning of an hour, for what comes later in it
    may be better than what was found so far; unless that hour alone is too much for one go."""
    db.execute(f"create temp table looked as {ranked}", [after, before, rows])
    count, last = db.execute("select count(*), max(at) from temp.looked").fetchone()
    beginning = db.execute("select min(at) from temp.looked where hour = hour_of(?)", [last]).fetchone()[0]
    if table == "events":
        db.execute("""update events set times = (select times from temp.looked where looked.id = events.id)
            where id in (select id from temp.looked where place = 1 and times > 1)""")
    gone = db.execute(f"delete from [{table}] where id in (select id from temp.looked where place > 1)").rowcount  # noqa: S608
    db.execute("drop table temp.looked")
    if not count:
        return after, False
    reached = beginning if gone or beginning > after else last
    return reached, count == rows and bool(gone or reached > after)


def _hours_of(zone: tzinfo) -> Callable[[str], str]:
    """What tells one hour on a clock on the wall from all others, of a moment of the record."""

    @lru_cache(maxsize=1)  # they come in order, and each minute is looked at many times
    def hour_of_minute(minute: str) -> str:
        return f"{datetime.fromisoformat(f'{minute}+00:00').astimezone(zone):%Y-%m-%dT%H%z}"

    def hour_of(at: str | None) -> str:
        return hour_of_minute(at[:16]) if at else ""

    return hour_of
