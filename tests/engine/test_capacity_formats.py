"""Project and portfolio files: what is read, and one clear refusal for what is not."""

import gzip
import json

import pytest

from given_data import given_data
from punctual.engine.formats import portfolio, psplib
from punctual.kernel.refusal import Refusal

RCP = """4 2
3 1
0 0 0 2 2 3
2 3 0 1 4
4 1 1 1 4
0 0 0 0
"""
SM = """jobs (incl. supersource/sink ):  4
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------------------------------------------------------------------------
  1      1     0       0    0
  2      1     2       3    0
  3      1     4       1    1
  4      1     0       0    0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1  R 2
    3    1
************************************************************************
"""
BOOK = {
    "resources": [{"id": "R", "capacity": [[0, 1]]}],
    "orders": [{"id": "A", "release": 0, "due": 4, "weight": 2}],
    "tasks": [
        {"id": "a", "order": "A", "duration": 2, "demands": {"R": 1}, "predecessors": []},
        {"id": "b", "order": "A", "duration": 2, "demands": {"R": 1}, "predecessors": ["a"]},
    ],
}


def test_both_forms_give_the_same_project():
    assert psplib.parse_patterson(RCP) == psplib.parse_psplib(SM)


@pytest.mark.parametrize(
    ("change", "code", "row"),
    [
        (("4 2", "x 2"), "file.number", 1),
        (("3 1\n", "3 -1\n"), "file.number", 2),
        (("0 0 0 0\n", ""), "file.patterson.short", 5),
        (("0 0 0 0\n", "0 0 0 0\n7\n"), "file.patterson.long", 7),
        (("2 3 0 1 4", "2 3 0 1 5"), "file.number", 4),
        (("2 3 0 1 4", "2 3 0 1 1"), "capacity.cycle", None),
        (("2 3 0 1 4", "2 4 0 1 4"), "capacity.beyond_capacity", None),
    ],
)
def test_a_faulty_patterson_file_is_refused_with_its_line(change, code, row):
    with pytest.raises(Refusal) as refused:
        psplib.parse_patterson(RCP.replace(*change))
    assert refused.value.codes == {code}
    assert refused.value.reasons[0].row == row


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("RESOURCEAVAILABILITIES", "RESOURCE"), "file.psplib.section"),
        (("   2        1          1           4\n", ""), "file.psplib.precedence"),
        (("   2        1    ", "   2        3    "), "file.psplib.modes"),
        (("  3      1     4       1    1\n", ""), "file.psplib.jobs"),
        (("  2      1     2       3    0", "  2      1     2       3"), "file.psplib.request"),
        (("  2      1     2 ", "  2      1   nan "), "file.number"),
        (("    3    1\n", ""), "file.psplib.availability"),
    ],
)
def test_a_faulty_psplib_file_is_refused(change, code):
    with pytest.raises(Refusal) as refused:
        psplib.parse_psplib(SM.replace(*change))
    assert refused.value.codes == {code}


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Refusal):
        psplib.read(tmp_path / "none.sm")


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\x00", b"\x1f\x8b\x08broken", b"[1, 2", b"[" * 100_000, b'{"tasks": NaN}']
)
def test_what_is_no_portfolio_is_refused_without_a_traceback(tmp_path, content):
    path = tmp_path / "book.json"
    path.write_bytes(content)
    with pytest.raises(Refusal):
        portfolio.read(path)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("tasks", 3, "tasks"),
        ("orders", [{"release": 0}], "orders[0]"),
        ("orders", [{"id": "A", "due": 1.5}], "orders[0].due"),
        ("resources", [{"id": "R", "capacity": [[0]]}], "resources[0].capacity[0]"),
        ("plan", [0], "plan"),
        ("now", -1, "now"),
        ("promises", [True], "promises[0]"),
    ],
)
def test_a_faulty_portfolio_names_the_place(name, value, where):
    with pytest.raises(Refusal) as refused:
        portfolio.parse({**BOOK, name: value})
    assert where in str(refused.value)


def test_plain_and_packed_portfolios_read_the_same(tmp_path):
    plain, packed = tmp_path / "a.json", tmp_path / "a.json.gz"
    plain.write_text(json.dumps(BOOK))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert portfolio.read(plain) == portfolio.read(packed)
    assert portfolio.read(plain).plan is None


def test_the_shared_projects_are_read():
    plan = psplib.read(given_data("psplib", "j60", "j609_1.sm"))
    assert len(plan.tasks) == 62
    assert [row.capacity for row in plan.resources] == [((0, 22),), ((0, 19),), ((0, 22),), ((0, 21),)]
