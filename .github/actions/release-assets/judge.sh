#!/usr/bin/env bash
# Judges every asset in release-check/assets by what the verification found, and decides which ones may be signed. One finding,
# and none may. Writes the table of the summary.
# shellcheck disable=SC2016 # what stands in single quotes is a program of jq
set -eo pipefail
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=releases.sh
. "$here/releases.sh"

cd release-check
# Prints the rows of a file of checksums, as sha256sum or Windows writes it, or fails when it is anything else.
rows_of() {
  jq --compact-output --raw-input --slurp '
    [split("\n")[] | sub("\r$"; "") | select(. != "")
      | capture("^(?<escaped>\\\\?)(?<sha256>[0-9a-f]{64}) [ *](?<path>.+)$") // error("no list")
      | if .escaped == "" then . else .path |= gsub("\\\\(?<c>[\\\\nr])"; {"n": "\n", "r": "\r", "\\": "\\"}[.c]) end
      | {sha256, name: (.path | sub(".*/"; ""))}]' "$1" 2> /dev/null
}

# What the verification found of each file, by name.
echo '{"files":[],"failure":null}' > found.json
if [[ -n $(find signed -type f) ]]; then
  jq --exit-status '.mode == "verify" and (.files | type) == "array"' "$MANIFEST" > /dev/null 2>&1 ||
    refuse 'Not verified' 'The verification wrote no manifest; its own error stands above.'
  cp "$MANIFEST" found.json
fi

# Files of a directory in which a pattern finds a line. Below 32 MiB, which is room for a list or a receipt of tens of thousands of
# files, because a search through every image and installer would take minutes.
like() { find "$1" -type f ! -name '*.sign' -size -33554432c -exec grep -lE -e "$2" {} + | sed 's|.*/||' | sort || true; }
line='^\\?[0-9a-f]{64} [ *].'

# The lists of checksums among the assets, of which only those count whose signature is valid.
: > lists.jsonl
while IFS= read -r name; do
  if rows_of "signed/$name" > rows.json; then jq --compact-output --arg list "$name" '.[] + {list: $list}' rows.json >> lists.jsonl; fi
done < <(like signed "$line" | comm -12 - <(json --raw-output '.files[] | select(.status == "verified") | .path' found.json | sort))
# Of what they list, only what FILES means.
while IFS= read -r name; do ! is_meant "$name" || echo "$name"; done < <(json --raw-output .name lists.jsonl | sort -u) > listed.txt

# What is never signed as a file of a release: receipts, kits, time stamps and lists of checksums.
{
  json --raw-output 'select(.kind == "unsigned") | .name | select(endswith(".tsr"))' assets
  like unsigned '^(<!doctype html>)?<!-- mtls-release-signing verification kit'
  like unsigned "$line" | while IFS= read -r name; do if rows_of "unsigned/$name" > rows.json; then echo "$name"; fi; done
  like unsigned '"version"' | while IFS= read -r name; do
    if jq --exit-status --slurp '.[0] | type == "object" and .version == 1 and (.mode | type) == "string" and (.files | type) == "array"' "unsigned/$name" > rows.json 2> /dev/null; then echo "$name"; fi
  done
} > own.txt

# What the caller lets be signed. In a file, because an argument of a program has at most 128 KiB.
echo null > allowed.json
if [[ -n $CHECKSUMS ]]; then
  rows_of "../$CHECKSUMS" > allowed.json || refuse 'Input checksums' 'The artifact has no such file of checksums, as sha256sum writes it.'
fi
immutable=false
! is_immutable || immutable=true

json --slurp --slurpfile found found.json --slurpfile lists lists.jsonl --rawfile listed listed.txt --rawfile own own.txt \
  --slurpfile allowed allowed.json --argjson immutable "$immutable" --arg trust "$TRUST_ASSETS" --argjson count "$(json length all.json)" '
  def finding($code; $message): {code: $code, message: $message};
  ($found[0].files | INDEX(.path)) as $by_name
  | INDEX(.name) as $there
  | ($own | split("\n")) as $own
  | $allowed[0] as $allowed
  | ($listed | split("\n") | map({key: ., value: true}) | from_entries) as $meant
  | ($lists | map(select($meant[.name]))) as $listed
  | ($listed | group_by(.name) | map({key: .[0].name, value: .}) | from_entries) as $rows_of
  | ($listed | group_by(.sha256) | map({key: .[0].sha256, value: (map(.name) | unique)}) | from_entries) as $names_of
  | ($allowed // [] | group_by(.sha256) | map({key: .[0].sha256, value: map(.name)}) | from_entries) as $allows
  | ($allowed // [] | group_by(.name) | map({key: .[0].name, value: map(.sha256)}) | from_entries) as $given
  | map(. as $asset | . + (
      if .kind == "unsigned" then
        if (.name | IN($own[])) then finding("OWN_FILE_UNSIGNED"; "It is a receipt, a kit, a time stamp or a list of checksums without its signature, which only a signing of its release makes.")
        elif $immutable then finding("SIGNATURE_MISSING"; "It has no signature, and the release is immutable: it takes no more assets.")
        elif $trust == "true" or ($allows[.sha256] // [] | index([$asset.name])) then {status: "to be signed"}
        elif $allows[.sha256] then finding("LISTED_OTHERWISE"; "It has no signature, and the list that was given has its content as \($allows[.sha256][0]).")
        elif $allowed then finding("NOT_LISTED"; "It has no signature, and its SHA-256 is not in the list that was given.")
        else finding("SIGNATURE_MISSING"; "It has no signature.") end
      elif $by_name[.name].status == "verified" then {status: "valid"}
      elif $by_name[.name].error then finding($by_name[.name].error.code; $by_name[.name].error.message)
      elif .kind == "signature" then {status: "signature"}
      else finding("NOT_VERIFIED"; "The verification says nothing of it.") end)
    | if .code == null and .kind != "signature" then
        . + (if $rows_of[.name] and ($rows_of[.name] | all(.sha256 != $asset.sha256)) then finding("LISTED_OTHERWISE"; "\($rows_of[.name][0].list) lists another SHA-256 of it.")
          elif $given[.name] and ($given[.name] | index($asset.sha256) | not) then finding("LISTED_OTHERWISE"; "The list that was given has another SHA-256 of it.")
          elif ($rows_of[.name] | not) and ($names_of[.sha256] // [] | any($there[.] | not)) then
            finding("RENAMED"; "The signed checksums list its content as \($names_of[.sha256] | map(select($there[.] | not))[0]).")
          else {} end)
      else . end)
  | {assets: .,
     gone: [$listed[] | select($there[.name] | not)] | unique_by(.name)}
  | .findings = [(.assets[] | select(.code) | {asset: .name, code, message}),
      (.gone[] | {asset: .name, code: "ASSET_MISSING", message: "\(.list) lists it, and the release does not have it."})]
    + ([$found[0].files[] | select(.error and ($there[.path] | not)) | {asset: .path, code: .error.code, message: .error.message}])
    + (([.assets[] | select(.status == "to be signed")] | length) as $new
      | if $new > 0 and $new + $count > 900 then [{asset: "", code: "TOO_MANY_ASSETS", message: "With \($new) new signatures the release would have more than 900 assets."}] else [] end)
    + (if $found[0].failure == null then [] else [{asset: "", code: $found[0].failure.code, message: $found[0].failure.message}] end)
' assets > judged.json

count() { json "[.assets[] | select($1)] | length" judged.json; }
valid=$(count '.status == "valid" and .code == null')
wrong=$(json '.findings | length' judged.json)
missing=0
if ((wrong == 0)); then
  missing=$(count '.status == "to be signed"')
  # What is not to be signed is no more than this: with no finding, every asset without a signature is.
  mv unsigned to-sign
fi
{
  echo "checked-count=$valid"
  echo "missing-count=$missing"
  echo "findings=$(json --compact-output .findings judged.json)"
} >> "$GITHUB_OUTPUT"

jq --arg repository "$REPOSITORY" --slurpfile release release.json \
  '{repository: $repository, tag: $release[0].tag_name, findings}' judged.json > findings.json

# All becomes text that Markdown and HTML leave alone, also the names that a list gives.
tag=$(json --raw-output .tag_name release.json | shown)
{
  echo "### $REPOSITORY, release $tag: $valid valid, $(count '.status == "to be signed"') to be signed, $wrong wrong"
  echo
  echo '| asset | judged | SHA-256 | uploaded by | at |'
  echo '|---|---|---|---|---|'
  json --raw-output '
    def plain: gsub("[^A-Za-z0-9 .,:;()/+@~=_-]"; "?");
    (.assets[] | select(.kind != "signature" or .code) | [.name, (.code // .status), .sha256, .uploader, .uploaded]),
    (.gone[] | [.name, "ASSET_MISSING", .sha256, "", ""])
    | map(plain) | "| `\(.[0])` | \(.[1:] | join(" | ")) |"' judged.json
  echo
  json --raw-output '
    def plain: gsub("[^A-Za-z0-9 .,:;()/+@~=_-]"; "?");
    .findings[:50][] | "- `\(.asset | plain)`: \(.code | plain). \(.message | plain)"' judged.json
} >> "$GITHUB_STEP_SUMMARY"
((wrong == 0)) || refuse "Release $tag" "$wrong of its assets or signatures are wrong; nothing of it is signed. $(json --raw-output '.findings[:5][] | "\(.asset) \(.code)"' judged.json | shown)"
echo "$valid assets have a valid signature, $missing are to be signed."
