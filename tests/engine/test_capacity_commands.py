"""The commands level, portfolio and promise: their JSON, and exit status 2 with one line for bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from given_data import given_data
from punctual.cli.main import main

RCP = "4 1\n2\n0 0 2 2 3\n3 2 1 4\n4 1 1 4\n0 0 0\n"
BOOK = {
    "resources": [{"id": "R", "capacity": [[0, 1]]}],
    "orders": [{"id": "A", "release": 0, "due": 2, "weight": 3}, {"id": "B", "release": 0, "due": 2, "weight": 1}],
    "tasks": [
        {"id": "b", "order": "B", "duration": 2, "demands": {"R": 1}, "predecessors": []},
        {"id": "a", "order": "A", "duration": 2, "demands": {"R": 1}, "predecessors": []},
    ],
    "now": 0,
    "plan": [0, 2],
    "promises": [4, 5],
    "new_orders": [
        {"id": "N", "release": 0, "tasks": [{"id": "n", "duration": 1, "demands": {"R": 1}, "predecessors": []}]}
    ],
}


def said(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_level_gives_one_start_a_job_and_a_proof(tmp_path, capsys):
    path = tmp_path / "a.rcp"
    path.write_text(RCP)
    told = said(capsys, "level", str(path), "--seconds", "120")
    assert (told["makespan"], told["lower_bound"], told["optimal"], told["verified"]) == (7, 7, True, True)
    assert len(told["start"]) == 4


def test_portfolio_serves_the_weightier_order_first(tmp_path, capsys):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(BOOK))
    told = said(capsys, "portfolio", str(path), "--seconds", "0.2")
    assert told["weighted_tardiness"] == 2
    assert told["start"] == [2, 0]


def test_promise_moves_others_within_their_promises(tmp_path, capsys):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(BOOK))
    told = said(capsys, "promise", str(path), "--new", "N", "--seconds", "0.3")
    assert told["nobody_moves"] == {"finish": 5, "start": [4]}
    assert told["negotiated"] == {"finish": 1, "start": [0], "moved": ["b", "a"], "plan": [3, 1]}
    assert told["holds_back"][-1]["kind"] == "release"


@pytest.mark.parametrize(
    "words",
    [
        ["level", "{none}"],
        ["level", "{rcp}", "--seconds", "nan"],
        ["level", "{rcp}", "--workers", "0"],
        ["level", "{bad}"],
        ["portfolio", "{rcp}"],
        ["promise", "{book}", "--new", "X"],
        ["promise", "{plain}", "--new", "N"],
    ],
)
def test_bad_input_ends_with_status_2_and_one_line(tmp_path, capsys, words):
    plain = {key: value for key, value in BOOK.items() if key != "plan"}
    texts = {"rcp": RCP, "bad": RCP.replace("4 1", "4 x", 1), "book": json.dumps(BOOK), "plain": json.dumps(plain)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    arguments = [word.format(none=tmp_path / "none", **{name: tmp_path / name for name in texts}) for word in words]
    try:
        status = main(arguments)
    except SystemExit as stopped:
        status = stopped.code
    heard = capsys.readouterr()
    assert status == 2
    assert heard.out == ""
    assert len(heard.err.strip().splitlines()) == 1


def test_the_engine_imports_without_compiler_and_solver():
    code = (
        "import sys; import punctual.engine, punctual.engine.capacity.model, punctual.engine.verify;"
        "import punctual.engine.formats.portfolio, punctual.cli.commands.level, punctual.cli.commands.promise;"
        "assert not {'numba', 'ortools', 'llvmlite', 'numpy'} & set(sys.modules)"
    )
    path = os.pathsep.join(str(Path(place)) for place in sys.path if place)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})


def test_a_portfolio_of_the_shared_data_is_promised(capsys):
    path = given_data("portfolio", "portfolio_1.json.gz")
    told = said(capsys, "promise", str(path), "--new", "N1", "--seconds", "1")
    assert told["verified"] is True
    assert told["negotiated"]["finish"] <= told["nobody_moves"]["finish"]
    assert len(told["negotiated"]["plan"]) == 5000
