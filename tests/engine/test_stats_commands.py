"""The commands of simulation, earned value, sampling and control charts: documents out, one line for bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from punctual.cli.main import main

NETWORK = {
    "activities": [
        {"id": "A", "distribution": {"kind": "triangular", "min": 5, "mode": 10, "max": 20}},
        {"id": "B", "distribution": {"kind": "pert", "min": 1, "mode": 2, "max": 6}},
        {"id": "C", "distribution": {"kind": "discrete", "values": [1, 5], "weights": [1, 1]}},
    ],
    "links": [["A", "B"], ["A", "C"]],
    "risks": [{"id": "R1", "probability": 0.3, "activities": ["A"], "impact": {"kind": "fixed", "value": 4}}],
    "correlations": [["A", "B", 0.5]],
    "resources": {"R": {"capacity": 2}},
    "demands": {"B": {"R": 1}, "C": {"R": 2}},
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    status = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out) if status == 0 else captured.out, captured.err


class TestRefusals:
    @pytest.mark.parametrize(
        "content",
        [
            "",
            "[1]",
            "{",
            '{"activities": NaN}',
            '{"activities": [], "activities": []}',
            '{"activities": [], "extra": 1}',
            '{"activities": [{"id": "A", "distribution": {"kind": "weibull"}}]}',
            '{"activities": [{"id": "A", "distribution": {"kind": "uniform", "min": 1}}]}',
            '{"activities": [{"id": "A", "distribution": {"kind": "fixed", "value": "1"}}]}',
            '{"activities": [{"id": "A", "distribution": {"kind": "fixed", "value": true}}]}',
            '{"activities": [{"id": "", "distribution": {"kind": "fixed", "value": 1}}]}',
            '{"activities": [{"id": "A", "distribution": {"kind": "fixed", "value": 1e999}}]}',
            '{"activities": [{"id": "A", "distribution": {"kind": "fixed", "value": -1}}]}',
            '{"activities": [{"id": "A", "distribution": {"kind": "fixed", "value": 1}}], "links": [["A"]]}',
            '{"activities": [{"id": "A", "distribution": {"kind": "fixed", "value": 1}}], "demands": {"B": {"R": 1}}}',
            '{"activities": ' + "[" * 100_000 + "]" * 100_000 + "}",
            '{"activities": [{"id": "A", "distribution": {"kind": "fixed", "value": ' + "9" * 5000 + "}}]}",
        ],
    )
    def test_an_unusable_network_gets_one_line_and_status_2(
        self, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "network.json"
        file.write_text(content)
        status, out, err = run(capsys, "simulate", str(file))
        assert status == 2
        assert out == ""
        assert err.count("\n") == 1
        assert "Traceback" not in err

    def test_a_missing_file_is_told_by_name(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for command in (["simulate"], ["earned-value"], ["control-chart", "--type", "c"]):
            status, _, err = run(capsys, *command, str(tmp_path / "nothing"))
            assert status == 2
            assert "nothing cannot be read" in err

    def test_an_unknown_aql_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(capsys, "sampling-plan", "--lot", "100", "--aql", "nan")[0] == 2


class TestDocuments:
    def test_simulate_prints_every_part(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "network.json"
        file.write_text(json.dumps(NETWORK))
        status, data, _ = run(capsys, "simulate", str(file), "--runs", "500", "--seed", "7")
        assert status == 0
        assert set(data) == {"runs", "seed", "mean", "sd", "quantiles", "criticality", "sensitivity", "risks"}
        assert (data["runs"], data["seed"]) == (500, 7)
        assert list(data["quantiles"]) == ["P5", "P10", "P20", "P30", "P40", "P50", "P60", "P70", "P80", "P90", "P95"]
        assert set(data["criticality"]) == set(data["sensitivity"]) == {"A", "B", "C"}
        assert data["risks"]["R1"]["days_of_p80"] > 0

    def test_earned_value_prints_every_period(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "ev.json"
        file.write_text('{"bac": 100, "planned_duration": 2, "periods": [{"pv": 50, "ev": 40, "ac": 0}]}')
        status, data, _ = run(capsys, "earned-value", str(file))
        assert status == 0
        assert " ".join(data["periods"][0]) == "pv ev ac sv cv spi cpi es sv_t spi_t eac etc vac tcpi eac_t"
        assert data["periods"][0]["cpi"] is None

    def test_sampling_plan_prints_the_plan(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, data, _ = run(capsys, "sampling-plan", "--lot", "1000", "--level", "II", "--aql", "1.0")
        assert (data["code_letter"], data["n"], data["ac"], data["re"], data["inspect_all"]) == ("J", 80, 2, 3, False)

    def test_control_chart_prints_the_chart(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "values.csv"
        file.write_text("1,2,3\n2,3,4\n1,2,2\n")
        status, data, _ = run(capsys, "control-chart", str(file), "--type", "xbar-r", "--lsl", "0", "--usl", "5")
        assert status == 0
        assert {"center", "lcl", "ucl", "statistics", "beyond_limits", "signals", "cp", "cpk"} <= set(data)


def test_the_engine_is_imported_without_the_compiler() -> None:
    """Compiled kernels are loaded at the first call: importing the engine must stay quick."""
    code = (
        "import sys; import punctual.engine.simulate, punctual.engine.sampling, punctual.engine.control_charts, "
        "punctual.engine.earned_value, punctual.engine.explain, punctual.engine.formats.network_json; "
        "print([name for name in ('numba', 'ortools', 'django') if name in sys.modules])"
    )
    source = Path(__file__).resolve().parents[2] / "src"
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
