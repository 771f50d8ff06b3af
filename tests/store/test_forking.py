"""A store in a process that forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from odm_shiny.store import settings
from odm_shiny.store.check import check
from odm_shiny.store.store import Store

IDLE = """
import os, sys
from odm_shiny.store import counters
from odm_shiny.store.store import Store
store = Store.open(sys.argv[1])
with store.write() as tx:
    counters.next_number(tx, "x")
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        for _ in range(20):
            with store.write() as tx:
                counters.next_number(tx, "x")
        os._exit(0)
    children.append(child)
for _ in range(20):
    with store.write() as tx:
        counters.next_number(tx, "x")
print([os.waitpid(child, 0)[1] for child in children])
with store.read() as tx:
    print(counters.last_number(tx, "x"))
"""

OPEN = """
import os, sys
from odm_shiny.errors import StoreError
from odm_shiny.store import settings
from odm_shiny.store.store import Store
store = Store.open(sys.argv[1])
with store.write() as tx:
    settings.set_setting(tx, "x", 1)
    child = os.fork()
    if child == 0:
        said = ""
        for attempt in (store.read, lambda: Store.open(sys.argv[1]).read()):
            try:
                with attempt() as tx:
                    said += "read; "
            except StoreError as error:
                said += str(error) + "; "
        os.write(1, said.encode() + b"\\n")
        os._exit(0)
    os.waitpid(child, 0)
"""


def run(code: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()


def test_parent_and_children_go_on_with_the_store_they_had(store_folder: Path) -> None:
    assert run(IDLE, store_folder) == ["[0, 0, 0]", "81"]
    with Store.open(store_folder) as store:
        assert check(store) == []


def test_a_child_forked_inside_a_transaction_is_refused_and_the_parent_goes_on(
    store_folder: Path,
) -> None:
    (said,) = run(OPEN, store_folder)
    assert said.count("forked while a transaction was open") == 2
    assert "read;" not in said
    with Store.open(store_folder) as store, store.read() as tx:
        assert settings.get_setting(tx, "x") == 1
