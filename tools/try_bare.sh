#!/usr/bin/env bash
# Try the targets of the Makefile on a bare Debian 12: make, git and python3, and nothing else.
#
#   sudo tools/try_bare.sh [TARGET...]     default: setup test-quick
#
# debootstrap makes the system in a folder of its own ($BARE, else a temporary one that is removed at the end),
# from this machine's Debian mirror. The committed tree is cloned into it and `make TARGET` runs there by
# chroot. How this machine reaches its package indexes (name server, certificates, pip's settings) is lent to
# the folder; none of it is part of the project.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ "$(id -u)" = 0 ] || { echo "try_bare: needs root for chroot: sudo tools/try_bare.sh" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "try_bare: apt-get install debootstrap" >&2; exit 1; }

targets=("$@")
[ $# -gt 0 ] || targets=(setup test-quick)

root=${BARE:-}
[ -n "$root" ] || { root=$(mktemp -d); keep=no; }
home=$root/root/odm-shiny

clean_up() {
  local place
  for place in dev/shm dev/pts dev proc sys; do
    mountpoint -q "$root/$place" && umount "$root/$place"
  done
  [ "${keep:-yes}" = yes ] || rm -rf --one-file-system "$root"
}
trap clean_up EXIT

debian_mirror() {
  apt-get indextargets --format '$(SITE) $(CREATED_BY) $(CODENAME)' 2>/dev/null |
    awk '$2 == "Packages" && $3 == "bookworm" {print $1; exit}'
}

lend() { # lend FILE-OR-FOLDER: copy it to the same place inside, if there is one
  [ ! -e "$1" ] || { mkdir -p "$root$(dirname "$1")" && cp -aL "$1" "$root$(dirname "$1")/"; }
}

if [ ! -e "$root/usr/bin/make" ]; then
  mirror=$(debian_mirror)
  echo "try_bare: bookworm from ${mirror:-the mirror that debootstrap knows} into $root"
  debootstrap --variant=minbase --include=make,git,python3 bookworm "$root" ${mirror:+"$mirror"} >/dev/null
fi

for place in proc sys dev dev/pts dev/shm; do
  mountpoint -q "$root/$place" || mount --bind "/$place" "$root/$place"
done
lend /etc/resolv.conf
lend /etc/pip.conf

# The names are pip's and OpenSSL's own; the certificate file goes where ca-certificates will not overwrite it.
settings=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI="${CI:-}")
if [ -n "${PIP_CERT:-}" ]; then
  cp -L "$PIP_CERT" "$root/root/lent-certificates.crt"
  settings+=(PIP_CERT=/root/lent-certificates.crt SSL_CERT_FILE=/root/lent-certificates.crt)
fi
for name in PIP_INDEX_URL PIP_TRUSTED_HOST PIP_DEFAULT_TIMEOUT http_proxy https_proxy no_proxy; do
  [ -z "${!name:-}" ] || settings+=("$name=${!name}")
done

rm -rf "$home"
git clone --quiet --no-hardlinks . "$home"
for target in "${targets[@]}"; do
  echo "try_bare: make $target"
  env -i "${settings[@]}" chroot "$root" /bin/sh -c "cd /root/odm-shiny && exec make $target" </dev/null
done
