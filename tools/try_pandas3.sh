#!/usr/bin/env bash
# Try the newest pandas: constraints.txt holds pandas 2.3.3 while anndata needs it, users without anndata get pandas 3.
#
#   tools/try_pandas3.sh     makes .cache/pandas3 and runs the tests of frames, client and README in it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

place=.cache/pandas3
[ -x "$place/bin/python" ] || { echo "pandas3: making $place"; "${PYTHON:-python3}" -m venv "$place"; }
echo "pandas3: installing odm-shiny[server,polars] with pandas 3, without constraints"
"$place/bin/python" -m pip install --quiet -e '.[server,polars]' 'pandas>=3' \
  hypothesis pytest pytest-timeout time-machine psutil
"$place/bin/python" - <<'PYTHON'
import pandas
print("pandas3: pandas", pandas.__version__)
PYTHON
# AnnData holds pandas below 3 where it can be had at all, so the tests that convert to it are left out.
exec "$place/bin/python" -m pytest -q tests/frames tests/client tests/test_connect.py \
  -k "not anndata and not an_empty_matrix and not columns_and_a_matrix" "$@"
