"""The units of deploy/systemd on a real systemd: web, worker and backup start as a system account that may write
nowhere else, come back after they were killed, and stop when they are told to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
MACHINE = Path(__file__).parent / "systemd_machine.sh"
SPACES = ["unshare", "--pid", "--mount", "--uts", "--ipc", "--net", "--fork", "--kill-child", "bash"]
WALK = """
ask() { curl -fs -H 'Host: orders.example.com' http://localhost:8000/readyz; }
ready() { for turn in $(seq 90); do ask && return; sleep 1; done; echo never ready; }
say() { echo "$1: $2"; }
systemctl start punctual-web punctual-worker
say web "$(ready)"
kill -9 "$(systemctl show --value -p MainPID punctual-web)"
sleep 1
say "web again" "$(ready)"
say "begun again" "$(systemctl show --value -p NRestarts punctual-web)"
while ! pgrep -fc 'worker --queue work' | grep -qE '^[3-9]'; do sleep 1; done
mkdir /var/lib/punctual/backups && chown punctual /var/lib/punctual/backups
systemctl start punctual-backup && say backups "$(ls /var/lib/punctual/backups | wc -l)"
say "read by others" "$(find /var/lib/punctual -perm /o+r ! -type d ! -path '*/static/*' | wc -l)"
systemctl stop punctual-web punctual-worker
for unit in web worker backup; do say "$unit ended" "$(systemctl show --value -p Result punctual-$unit)"; done
say "errors in the log" "$(journalctl --no-pager -u 'punctual-*' | grep -c '"ERROR"')"
journalctl --no-pager -u 'punctual-*' > /walk/journal.txt
systemctl poweroff 2> /dev/null
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Outside of pytest's own, which only its owner may enter."""
    made = Path(tempfile.mkdtemp(prefix="punctual-systemd-"))
    made.chmod(0o755)
    if os.geteuid() or not Path("/lib/systemd/systemd").exists() or not all(map(shutil.which, ("unshare", "curl"))):
        pytest.skip("needs root, systemd, unshare and curl")
    if subprocess.run([*SPACES, MACHINE, "--can", made], capture_output=True, check=False).returncode:
        pytest.skip("no machine can be made inside this one")
    yield made
    shutil.rmtree(made)


def test_units_start_come_back_and_stop(folder: Path) -> None:
    (folder / "walk.sh").write_text(WALK)
    parts = [folder, ROOT / "deploy", sys.base_prefix, sysconfig.get_paths()["purelib"], ROOT / "src"]
    subprocess.run([*SPACES, MACHINE, *parts], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=400)
    told = dict(line.split(": ", 1) for line in (folder / "said.txt").read_text().splitlines() if ": " in line)
    journal = (folder / "journal.txt").read_text()[-4000:]
    assert told == {
        "web": "ready",
        "web again": "ready",
        "begun again": "1",
        "backups": "1",
        "read by others": "0",
        "web ended": "success",
        "worker ended": "success",
        "backup ended": "success",
        "errors in the log": "0",
    }, journal
