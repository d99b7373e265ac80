#!/usr/bin/env bash
# Runs a program of Wine 10 in a mount namespace of its own, whose mounts end with it: wine.sh wine64 program.exe argument…
set -euo pipefail
cache=$(realpath -m "$(dirname "$0")/../../../node_modules/.cache/windows-suite")
export cache WINEPREFIX=$cache/prefix WINEARCH=win64 WINEDEBUG=-all NODE_SKIP_PLATFORM_CHECK=1
# `exec` all the way, so that a signal reaches Wine itself. No shell comes after `env`: it would drop variables with a dash.
# shellcheck disable=SC2016
exec unshare --mount --propagation private bash -c '
  set -e
  mount --bind "$cache" "$cache/trixie$cache"
  mount -t proc proc "$cache/trixie/proc"
  mount --rbind /dev "$cache/trixie/dev"
  exec chroot "$cache/trixie" /usr/bin/env --chdir="$cache/drive_d/repo" "/usr/lib/wine/$0" "$@"
' "$@"
