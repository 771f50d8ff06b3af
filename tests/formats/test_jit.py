from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    from odm_shiny.formats.gct import open_gct
    rows = b"".join(b"g%d\\t\\t%d.5\\t\\n" % (i, i) for i in range(200_000))
    with open_gct(b"#1.2\\n200000\\t2\\nName\\tDescription\\tA\\tB\\n" + rows) as blocks:
        print(sum(float(block.values[:, 0].sum()) for block in blocks))
"""


@pytest.mark.parametrize(
    "environment",
    [{"NUMBA_CACHE_LOCATOR_CLASSES": "ZipCacheLocator"}, {"NUMBA_DISABLE_JIT": "0"}],
    ids=["nowhere to keep machine code", "usual"],
)
def test_compiled_reader_works_wherever_it_is_installed(environment):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, **environment},
    )
    assert done.stdout == f"{sum(i + 0.5 for i in range(200_000))}\n", done.stderr


def test_large_files_are_read_without_numba():
    hidden = "import sys\nsys.modules['numba'] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", hidden + textwrap.dedent(SCRIPT)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout == f"{sum(i + 0.5 for i in range(200_000))}\n", done.stderr
