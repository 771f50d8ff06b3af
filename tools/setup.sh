#!/usr/bin/env bash
# Install what a target needs; quick when nothing has changed.
#
#   tools/setup.sh demo    the embedded ODM and the apps
#   tools/setup.sh test    all of it: every extra, the development tools, Chromium, R
#
# System packages come from apt, and only those whose command is missing. Python packages come from the index
# that pip is configured for, in the versions of constraints.txt. A stamp in .venv holds a hash of everything
# that decides the result, so that a second run only compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
level=${1:-}
case $level in
demo) extras=server,shiny ;;
test) extras=all,dev,r ;;
*)
  echo "usage: tools/setup.sh demo|test" >&2
  exit 2
  ;;
esac

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif has sudo; then
    sudo "$@"
  else
    fail "needs root for: $* (run it as root, then run make again)"
  fi
}

missing_system_packages() {
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  [ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || echo ca-certificates
  [ "$level" = test ] || return 0
  has chromium || echo chromium
  has curl || echo curl
  # Without a font Chromium draws no text and measures every label as empty.
  [ -n "$(find /usr/share/fonts /usr/local/share/fonts -name '*.ttf' -print -quit 2>/dev/null)" ] ||
    echo fonts-dejavu-core
  has R || echo r-base-core
  # rpy2 is compiled when it is installed. Without R's build tools it would fall back to a slower mode in silence.
  dpkg -s r-base-dev >/dev/null 2>&1 || [ ! -e /etc/debian_version ] || echo r-base-dev
  missing_r_packages
  "$PYTHON" -c 'import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' || echo python3-dev
}

# What the tests of the bridge, of the R package and of the R app load, and what R CMD check and its vignettes need.
missing_r_packages() {
  local package
  [ -e /etc/debian_version ] || return 0
  for package in r-cran-bit64 r-cran-bslib r-cran-data.table r-cran-dt r-cran-ggplot2 r-cran-knitr r-cran-matrix \
    r-cran-reticulate r-cran-rmarkdown r-cran-roxygen2 r-cran-shiny r-cran-testthat r-cran-tibble r-bioc-deseq2 r-bioc-limma \
    r-bioc-multiassayexperiment r-bioc-singlecellexperiment r-bioc-summarizedexperiment pandoc qpdf; do
    dpkg -s "$package" >/dev/null 2>&1 || echo "$package"
  done
}

install_system_packages() {
  local packages
  mapfile -t packages < <(missing_system_packages)
  [ ${#packages[@]} -gt 0 ] || return 0
  has apt-get || fail "missing: ${packages[*]} (install them with this system's package manager)"
  say "installing with apt: ${packages[*]}"
  # A list of packages that is hours old points to files that are gone.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${packages[@]}" >/dev/null
}

# What decides the content of .venv for one level.
fingerprint() {
  {
    echo "$1 $PWD"
    "$PYTHON" -c 'import sys; print(sys.version, sys.base_prefix)'
    cat pyproject.toml constraints.txt tools/setup.sh
  } | "$PYTHON" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}

is_current() { [ -x .venv/bin/python ] && [ "$(cat ".venv/.setup-$1" 2>/dev/null)" = "$(fingerprint "$1")" ]; }

make_venv() {
  # A tree that was moved, or a Python that was replaced, leaves a .venv that does not start.
  if [ -e .venv ] && ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "removing a .venv that does not run"
    rm -rf .venv
  fi
  if [ ! -e .venv ]; then
    say "making .venv with $("$PYTHON" --version)"
    "$PYTHON" -m venv .venv
  fi
}

compile_rpy2() {
  # pip keeps what it has compiled. If that was on a machine without R's build tools, rpy2 lacks its fast mode.
  .venv/bin/python -c 'import importlib.util as u, sys; sys.exit(u.find_spec("_rinterface_cffi_api") is None)' ||
    .venv/bin/python -m pip install --quiet --quiet --no-input --no-deps --force-reinstall --no-cache-dir \
      -c constraints.txt rpy2-rinterface
}

install_python_packages() {
  if is_current "$level" || { [ "$level" = demo ] && is_current test; }; then
    return 0
  fi
  make_venv
  rm -f .venv/.setup-*
  say "installing odm-shiny[$extras] and what it needs into .venv (some minutes the first time)"
  .venv/bin/python -m pip install --quiet --quiet --no-input -c constraints.txt -e ".[$extras]"
  [ "$level" != test ] || compile_rpy2
  fingerprint "$level" >".venv/.setup-$level"
  say "done"
}

has "$PYTHON" || fail "$PYTHON is missing; install Python 3.11 or later, or name one: make PYTHON=python3.12 ..."
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "$("$PYTHON" --version) is too old; 3.11 or later is needed: make PYTHON=python3.12 ..."

mkdir -p .cache
if has flock; then
  # Two targets started at once must not install into one .venv at the same time.
  exec 9>.cache/setup.lock
  flock 9
fi
install_system_packages
install_python_packages
