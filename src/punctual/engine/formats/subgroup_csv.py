"""Reader of subgroup CSV: one subgroup a row, for control charts.

Variables: the values of the subgroup (one for i-mr). c: the count. p, np, u: the count, then the number inspected; a
heading with inspected, size, n, 样本量 or 检验数 over the first column turns them round. Columns headed subgroup,
sample, date, time, no, 子组, 日期 or 序号 are passed over. Separators are comma, semicolon or tab; empty lines are
skipped.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from punctual.engine.control_charts import ChartType, Subgroups
from punctual.engine.formats.strict_json import decode
from punctual.engine.formats.text_file import read_bytes
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_

_LABELS = {"subgroup", "sample", "date", "time", "no", "no.", "子组", "日期", "序号"}
_SIZES = {"inspected", "size", "n", "sample size", "样本量", "检验数"}


def read_subgroups(path: Path, kind: ChartType, *, size: float | None = None) -> Subgroups:
    """The subgroups in a CSV file; ``size`` is the number inspected of every one when the file has no such column."""
    return parse_subgroups(read_bytes(path), kind, size=size)


def parse_subgroups(content: bytes, kind: ChartType, *, size: float | None = None) -> Subgroups:
    """The subgroups in the bytes of a CSV file. Raises a Refusal that names row and column of every bad cell."""
    rows = _rows(decode(content))
    if not rows:
        raise Refusal(Reason("chart.empty_file", N_("the file has no rows")))
    heading = [cell.strip().lower() for cell in rows[0][1]]
    if all(_number(cell) is None for cell in heading):
        rows = rows[1:]
    else:
        heading = []
    skipped = {column for column, name in enumerate(heading) if name in _LABELS}
    numbers: list[list[float]] = []
    reasons: list[Reason] = []
    for row, cells in rows:
        values = []
        for column, cell in enumerate(cells):
            if column in skipped:
                continue
            value = _number(cell)
            if value is None:
                text = N_("column %(column)d must be a number, it is %(given)s")
                params = {"column": column + 1, "given": repr(cell.strip()[:40])}
                reasons.append(Reason("chart.not_a_number", text, params, field=f"column {column + 1}", row=row))
            else:
                values.append(value)
        numbers.append(values)
    refuse_if(reasons)
    if kind.is_variables:
        return Subgroups(numbers)
    names = [name for column, name in enumerate(heading) if column not in skipped]
    return _counted(numbers, [row for row, _ in rows], kind, names, size)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The filled rows with their line numbers; empty cells at the end of a row do not count."""
    first = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = []
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for cells in reader:
            while cells and not cells[-1].strip():
                cells.pop()
            if cells:
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        text = N_("the file is not usable CSV: %(why)s")
        raise Refusal(Reason("chart.not_csv", text, {"why": str(error)}, row=reader.line_num)) from error
    return rows


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if abs(value) <= 1e100 else None


def _counted(
    numbers: list[list[float]], rows: list[int], kind: ChartType, names: list[str], size: float | None
) -> Subgroups:
    wanted = 1 if kind is ChartType.C or size is not None else 2
    text = N_("the row needs %(wanted)d numbers (count, then number inspected), it has %(found)d")
    refuse_if(
        Reason("chart.columns", text, {"wanted": wanted, "found": len(values)}, row=row)
        for row, values in zip(rows, numbers, strict=True)
        if len(values) != wanted
    )
    if wanted == 1:
        return Subgroups(numbers, [] if kind is ChartType.C or size is None else [size] * len(numbers))
    swapped = len(names) == 2 and names[0] in _SIZES and names[1] not in _SIZES
    count, inspected = (1, 0) if swapped else (0, 1)
    return Subgroups([[values[count]] for values in numbers], [values[inspected] for values in numbers])
