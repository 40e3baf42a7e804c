"""Thinning: old steps become averages, so that a year of them stays small."""

from __future__ import annotations

from sqlite_utils import Database


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
