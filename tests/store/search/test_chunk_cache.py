from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from odm_shiny.store.search.chunk_cache import ChunkCache


def test_a_value_is_there_under_its_stamp_only():
    cache = ChunkCache(1000)
    cache.put("a", 1, "one", 10)
    assert cache.get("a", 1, str) == "one"
    assert cache.get("a", 2, str) is None
    assert cache.get("a", 1, list) is None
    cache.put("a", 2, "two", 30)
    assert cache.get("a", 1, str) is None
    assert cache.get("a", 2, str) == "two"
    assert cache.n_bytes == 30


def test_what_was_not_used_for_longest_goes_first():
    cache = ChunkCache(100)
    for name in "abcde":
        cache.put(name, 0, name, 20)
    cache.get("a", 0, str)
    cache.put("f", 0, "f", 25)
    assert [name for name in "abcdef" if cache.get(name, 0, str)] == ["a", "d", "e", "f"]
    assert cache.n_bytes == 85


def test_a_value_too_large_is_not_kept_and_takes_nothing_away():
    cache = ChunkCache(100)
    cache.put("a", 0, "a", 25)
    cache.put("b", 0, "b", 26)
    assert cache.get("a", 0, str) == "a"
    assert cache.get("b", 0, str) is None
    cache.put("a", 1, "longer", 90)
    assert cache.get("a", 0, str) is None
    assert cache.n_bytes == 0


def test_clearing_forgets_everything():
    cache = ChunkCache(100)
    cache.put("a", 0, "a", 25)
    cache.clear()
    assert cache.get("a", 0, str) is None
    assert cache.n_bytes == 0


def test_sixteen_threads_share_it():
    cache = ChunkCache(4_000)

    def work(seed: int) -> int:
        n_wrong = 0
        for key in np.random.default_rng(seed).integers(0, 100, 2_000).tolist():
            found = cache.get(key, 0, tuple)
            n_wrong += found is not None and found != (key,)
            cache.put(key, 0, (key,), 100)
        return n_wrong

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(work, range(16))) == 0
    assert cache.n_bytes == 4_000


def _use(cache: ChunkCache, answer: multiprocessing.Queue) -> None:
    cache.put("b", 0, "b", 10)
    answer.put((cache.get("a", 0, str), cache.get("b", 0, str)))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_in_the_middle_of_its_use_does_not_block_the_child():
    cache = ChunkCache(100)
    cache.put("a", 0, "a", 10)
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    with cache._lock:
        child = context.Process(target=_use, args=(cache, answer))
        child.start()
    assert answer.get(timeout=20) == (None, "b")
    child.join(20)
    assert child.exitcode == 0
