"""Who works on jobs, and whether they still do."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

from odm_shiny.store.workers import STALE_AFTER_MS, is_alive, this_worker

NOW = 1_700_000_000_000
FRESH = NOW - 1_000
STALE = NOW - STALE_AFTER_MS - 1


def test_this_process_is_alive_while_it_gives_signs_of_life() -> None:
    text = this_worker().text()
    assert is_alive(text, FRESH, NOW)
    assert not is_alive(text, STALE, NOW)
    assert not is_alive(text, None, NOW)


def test_two_workers_of_one_process_are_told_apart() -> None:
    assert this_worker().text() != this_worker().text()


def test_a_process_that_ended_is_dead_at_once() -> None:
    code = "from odm_shiny.store.workers import this_worker; print(this_worker().text())"
    text = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert not is_alive(text, FRESH, NOW)


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        with open(f"/proc/{child.pid}/stat") as stat:
            started = stat.read().rpartition(")")[2].split()[19]
        worker = replace(this_worker(), pid=child.pid, started=started)
        assert is_alive(worker.text(), FRESH, NOW)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(worker.text(), FRESH, NOW)
    finally:
        child.kill()
        child.communicate()


def test_a_process_id_used_again_is_another_worker() -> None:
    assert not is_alive(replace(this_worker(), started="1").text(), FRESH, NOW)


def test_a_worker_on_another_machine_is_known_by_its_signs_of_life_only() -> None:
    text = replace(this_worker(), host="elsewhere", pid=1).text()
    assert is_alive(text, FRESH, NOW)
    assert not is_alive(text, STALE, NOW)
