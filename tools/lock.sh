#!/usr/bin/env bash
# Write constraints.txt: the exact version of every package that the extras bring, on Python 3.11.
#
#   tools/lock.sh             adds what pyproject.toml asks for since, keeps every version that is there
#   tools/lock.sh --upgrade   chooses the newest of each
#
# The versions are read from a fresh environment, so nothing slips in that only a developer has installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
  echo "lock: constraints.txt is for Python 3.11; name it: PYTHON=python3.11 tools/lock.sh" >&2
  exit 1
}

kept=(-c constraints.txt)
[ "${1:-}" != --upgrade ] || kept=()
[ -e constraints.txt ] || kept=()

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$PYTHON" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --quiet --no-input "${kept[@]}" ".[all,dev,r]"
{
  echo "# Exact versions for Python 3.11, chosen together. Written by tools/lock.sh; edit pyproject.toml instead."
  "$scratch/venv/bin/python" -m pip freeze --exclude odm-shiny | sort -f
} >"$scratch/constraints.txt"
mv "$scratch/constraints.txt" constraints.txt
echo "lock: $(grep -vc '^#' constraints.txt) packages in constraints.txt"
