#!/usr/bin/env bash
# Runs a program of Wine 10 in mount and process namespaces of its own: wine.sh wine64 program.exe argument…
#
# Mounts and processes end with it, however it ends: Wine leaves servers and services behind, and a killed program its children.
set -euo pipefail
cache=$(realpath -m "$(dirname "$0")/../../../node_modules/.cache/windows-suite")
export cache WINEPREFIX=$cache/prefix WINEARCH=win64 WINEDEBUG=-all WINEPATH='D:\bin' NODE_SKIP_PLATFORM_CHECK=1
# Windows' Node could not read a file of Linux.
unset NODE_EXTRA_CA_CERTS
# No shell comes after `env`: it would drop variables with a dash. What Wine keeps in its registry is written when its server ends.
# shellcheck disable=SC2016
exec unshare --mount --propagation private --pid --fork --kill-child bash -c '
  set -e
  mount --bind "$cache" "$cache/trixie$cache"
  mount -t proc proc "$cache/trixie/proc"
  mount --rbind /dev "$cache/trixie/dev"
  wine() { chroot "$cache/trixie" /usr/bin/env --chdir="$cache/drive_d/repo" "/usr/lib/wine/$1" "${@:2}"; }
  status=0
  wine "$@" || status=$?
  wine wineserver -k || true
  exit "$status"
' bash "$@"
