#!/usr/bin/env bash
# Downloads the assets of a release that FILES means, and sorts them by whether a signature is there:
#
# release-check/signed     files with their signatures, and signatures without their file, for the verification
# release-check/unsigned   files without a signature
# release-check/assets     a line of JSON for each: name, size, sha256, uploader, uploaded, kind, path
# shellcheck disable=SC2016 # what stands in single quotes is a program of jq
set -eo pipefail
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=releases.sh
. "$here/releases.sh"
nothing_done='Nothing was checked.'

check_patterns
rm -rf release-check
mkdir -p release-check/{signed,unsigned,headers}
cd release-check
find_release "$TAG"
release=$GITHUB_API_URL/repos/$REPOSITORY/releases/$(json .id release.json)
read_all "$release/assets" all.json || refuse 'No answer' 'GitHub did not list the assets.'

strange=$(json --raw-output '.[].name' all.json | grep -vxE '[A-Za-z0-9_+@~=,-][A-Za-z0-9._+@~=,-]*' | shown || true)
[[ -z $strange ]] || refuse 'A name that is not read here' "GitHub does not make such names of assets: $strange."
unfinished=$(json --raw-output '.[] | select(.state != "uploaded") | .name' all.json | shown)
[[ -z $unfinished ]] || echo "::warning title=Unfinished uploads::They are no assets and are passed over: $unfinished."

# An asset counts when the patterns mean it, or the file whose signature or time stamp it is.
while IFS= read -r name; do
  file=${name%.sign}
  ! is_meant "${file%.tsr}" && ! is_meant "$file" || echo "$name"
done < <(json --raw-output '.[] | select(.state == "uploaded") | .name' all.json) > meant.txt
[[ -s meant.txt ]] || refuse 'No such asset' 'The release has no asset that the patterns in files mean.'
json --compact-output --rawfile meant meant.txt '
  ($meant | split("\n")[:-1] | map({key: ., value: true}) | from_entries) as $meant
  | map(select($meant[.name])) | INDEX(.name) as $there
  | sort_by(.name)[]
  | (.name | rtrimstr(".sign")) as $file
  | {id, name, size, said: (.digest // "" | ltrimstr("sha256:")), uploader: (.uploader.login // ""), uploaded: (.updated_at // ""),
      kind: (if $file != .name then "signature"
        elif $there[.name + ".sign"] then "file"
        else "unsigned" end)}
  | .path = {signature: "signed/", file: "signed/", unsigned: "unsigned/"}[.kind] + .name
' all.json > listed.jsonl

# A transfer for each line of standard input, for curl's --config: the token is in no argument.
transfers() {
  local id path next=
  while read -r id _ path; do
    printf '%s' "$next"
    next=$'next\n'
    printf '%s\n' "url = \"$GITHUB_API_URL/repos/$REPOSITORY/releases/assets/$id\"" "output = \"$path\"" \
      "dump-header = \"headers/$id\"" "header = \"Authorization: Bearer $GH_TOKEN\"" 'header = "Accept: application/octet-stream"' \
      'header = "X-GitHub-Api-Version: 2022-11-28"' 'location' 'fail' 'connect-timeout = 30' 'speed-limit = 1' 'speed-time = 60' \
      "write-out = \"%{http_code} $id\\n\""
  done
}
# Lists those of a batch that did not come, or not whole, each with its status.
lost_of() {
  find signed unsigned -type f -exec wc -c {} + | awk '
    FILENAME == "statuses.txt" { status[$2] = $1; next }
    FILENAME == "-" { size[$2] = $1; next }
    status[$1] != 200 || size[$3] != $2 { print $1, $2, $3, status[$1] + 0 }
  ' statuses.txt - "$1"
}

# Eight at a time, fifty in one go; what was lost is asked for again, and after a limit of requests nothing more for as long as it
# lasts. Five times without one whole asset, limits aside, are the end.
json --raw-output '"\(.id) \(.size) \(.path)"' listed.jsonl > pending.txt
losses=0
while [[ -s pending.txt ]]; do
  head -n 50 pending.txt > batch.txt
  sed 1,50d pending.txt > rest.txt
  transfers < batch.txt | curl --silent --show-error --parallel --parallel-max 8 --config - > statuses.txt || true
  lost_of batch.txt > lost.txt
  cut -d ' ' -f 1-3 lost.txt | cat - rest.txt > pending.txt
  (($(wc -l < lost.txt) == $(wc -l < batch.txt))) || losses=0
  [[ -s lost.txt ]] || continue
  pause=0
  while read -r id _ path status; do
    rm -f "$path"
    seconds=
    [[ ! -f headers/$id ]] || seconds=$(pause_of "$status" "headers/$id")
    ((${seconds:-0} <= pause)) || pause=$seconds
  done < lost.txt
  if ((pause > 0)); then
    wait_for_limit "$pause"
    continue
  fi
  losses=$((losses + 1))
  ((losses < 5)) || refuse 'Not downloaded' "GitHub did not hand out what it lists: $(cut -d ' ' -f 3 lost.txt | sed 's|.*/||' | shown)."
  sleep "$((losses * ${RETRY_SECONDS:-5}))"
done

find signed unsigned -type f -exec openssl dgst -sha256 -r {} + | sed 's| \*| |' > digests.txt
json --compact-output --slurp --rawfile digests digests.txt '
  ($digests | split("\n")[:-1] | map(split(" ") | {key: .[1], value: .[0]}) | from_entries) as $sha256
  | .[] | . + {sha256: $sha256[.path]}
' listed.jsonl > assets
other=$(json --raw-output 'select(.said != "" and .said != .sha256) | .name' assets | shown)
[[ -z $other ]] || refuse 'Not downloaded' "What GitHub handed out is not what it lists: $other."
json --raw-output '"tag=\(.tag_name)", "release-id=\(.id)"' release.json >> "$GITHUB_OUTPUT"
echo "signed-count=$(($(find signed -type f | wc -l)))" >> "$GITHUB_OUTPUT"
