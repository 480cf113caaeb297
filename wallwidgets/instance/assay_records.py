"""The inference records that a baseline is made from, as ``get_baseline`` gives them."""

from __future__ import annotations

import pyarrow as pa

from wallwidgets.drift.checks import refusal
from wallwidgets.instance.inference_log import InferenceLog
from wallwidgets.instance.log_batches import LAST_MODEL, of_model
from wallwidgets.instance.records import RecordForm, encode

MAX_RECORDS = 100_000
"""Of one answer; about 50 MB of JSON."""

_PAGE = 10_000
_FLAT = RecordForm(separator=".")


def baseline_records(
    log: InferenceLog,
    pipeline_id: int,
    *,
    start: int | None = None,
    end: int | None = None,
    model: str | None = None,
    limit: int | None = None,
) -> bytes:
    """A JSON array of flat records, the oldest first.

    Args:
        log: Holds the records.
        pipeline_id: Whose records.
        start: Milliseconds since 1970; only records from then on.
        end: Only records before then.
        model: Only records that the model of this name made.
        limit: Most records that are given; all by default.

    Raises:
        InvalidRequest: There are too many.
    """
    most = MAX_RECORDS + 1 if limit is None else limit
    tables: list[pa.Table] = []
    found, position = 0, None
    while found < min(most, MAX_RECORDS + 1):
        page = log.read(pipeline_id, start=start, end=end, position=position, limit=_PAGE)
        table = page.table if model is None else _made_by(page.table, model)
        table = table.slice(0, most - found)
        if table.num_rows:
            tables.append(table)
            found += table.num_rows
        position = page.position
        if position is None:
            break
    if found > MAX_RECORDS:
        what = f"there are more than {MAX_RECORDS} records"
        raise refusal("limit", f"{what}; ask for fewer, or bring start and end closer")
    # Tables of different fields do not fit together, their records do.
    parts = (bytes(encode(table, _FLAT))[1:-1] for table in tables)
    return b"[" + b",".join(parts) + b"]"


def _made_by(table: pa.Table, model: str) -> pa.Table:
    if LAST_MODEL not in table.column_names:
        return table.slice(0, 0)
    texts = table.column(LAST_MODEL).combine_chunks()
    return table.filter(pa.array(of_model(texts, model)))
