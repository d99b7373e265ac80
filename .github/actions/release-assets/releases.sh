# shellcheck disable=SC2016 # what stands in single quotes is a program of jq
# shellcheck shell=bash
# Sourced by the scripts beside it: GitHub's interface for releases, by curl and jq.
# GH_TOKEN, REPOSITORY and GITHUB_API_URL must be set; `nothing_done` ends the sentence of a refusal.
nothing_done=

refuse() {
  echo "::error title=$1::$2${nothing_done:+ $nothing_done}"
  exit 1
}

# Names of assets are data: nothing but these characters gets into a log or a summary.
shown() { sed -n 1,5p | tr -c 'A-Za-z0-9._ \n-' '?' | paste -s -d ' ' -; }

# jq on Windows ends lines with CR LF.
json() { jq "$@" | tr -d '\r'; }

# Value of a header in a file of headers; of several answers that of the last.
header() { tr -d '\r' < "${2:-headers.txt}" | NAME="$1" awk -F ': *' 'tolower($1) == ENVIRON["NAME"] { value = $2 } END { print value }'; }

# Seconds that a limit of requests lasts, as GitHub says: by Retry-After, or by the time at which a used-up one is reset.
pause_of() {
  local seconds headers=${2:-headers.txt}
  [[ $1 == 403 || $1 == 429 || $1 == 503 ]] || return 0
  seconds=$(header retry-after "$headers")
  [[ -n $seconds || $(header x-ratelimit-remaining "$headers") != 0 ]] || seconds=$(($(header x-ratelimit-reset "$headers") - $(date +%s) + 1))
  # Nobody waits longer than a quarter of an hour.
  [[ ! $seconds =~ ^-?[0-9]{1,12}$ ]] || ((seconds > 900)) || echo "$((seconds > 0 ? seconds : 0))"
}

wait_for_limit() {
  echo "GitHub limits requests: waiting for $1 s." >&2
  sleep "$1"
}

# Makes a request and prints its status; the body goes to answer.json. The token is no argument, which others on the machine could see.
call() {
  local status pause try
  for try in 1 2 3 4; do
    : > headers.txt
    status=$(printf 'Authorization: Bearer %s\n' "$GH_TOKEN" |
      curl --silent --show-error --connect-timeout 30 --speed-limit 1 --speed-time 60 --header @- --header 'Accept: application/vnd.github+json' \
        --header 'X-GitHub-Api-Version: 2022-11-28' --dump-header headers.txt --output answer.json --write-out '%{http_code}' "$@" || true)
    pause=$(pause_of "$status")
    if [[ -z $pause ]] || ((try == 4)); then break; fi
    wait_for_limit "$pause"
  done
  echo "$status"
}

# Asks for what is at an address, as `call` does, and once more when the answer is lost or the server fails. This is not curl's
# --retry, which waits as long as Retry-After says, be it hours.
ask() {
  local status try
  for try in 1 2 3 4; do
    status=$(call "$1")
    if [[ $status != @(000|408|5??) || -n $(pause_of "$status") ]] || ((try == 4)); then break; fi
    sleep "$((try * ${RETRY_SECONDS:-5}))"
  done
  echo "$status"
}

# Joins the pages of the list at an address into a file.
read_all() {
  local page=1 length=100
  echo '[]' > "$2"
  while ((length == 100)); do
    [[ $(ask "$1?per_page=100&page=$page") == 200 ]] || return 1
    length=$(json length answer.json)
    jq --slurp add "$2" answer.json > pages.json
    mv pages.json "$2"
    page=$((page + 1))
  done
}

# Writes the release of a tag, published or a draft, to release.json; the latest one when the tag is empty.
find_release() {
  local releases=$GITHUB_API_URL/repos/$REPOSITORY/releases address
  address=$releases/latest
  [[ -z $1 ]] || address=$releases/tags/$(json --null-input --raw-output --arg tag "$1" '$tag | @uri')
  case $(ask "$address") in
    200) mv answer.json release.json ;;
    404) # a draft has no tag yet, and is in the list only
      [[ -n $1 ]] || refuse 'No such release' 'The repository has no published release, or this token may not see it.'
      read_all "$releases" releases.json || refuse 'No answer' 'GitHub did not list the releases.'
      jq --arg tag "$1" 'map(select(.draft and .tag_name == $tag))' releases.json > drafts.json
      case $(json length drafts.json) in
        0) refuse 'No such release' 'No release has this tag, neither a published one nor a draft. Drafts are seen only with contents: write.' ;;
        1) ;;
        *) refuse 'Two drafts' "More than one draft has this tag, and only one can be meant: $(json --raw-output 'map(.id | tostring) | join(", ")' drafts.json). Look at each under Releases, and delete the others: gh api --method DELETE repos/$REPOSITORY/releases/ID" ;;
      esac
      jq '.[0]' drafts.json > release.json ;;
    *) refuse 'No answer' 'GitHub did not show the release.' ;;
  esac
}

# Tells whether the release takes no more assets.
is_immutable() { jq --exit-status '(.immutable // false) and (.draft | not)' release.json > /dev/null; }

# Tells whether a name of an asset is meant by the patterns in FILES; excludes always win.
is_meant() {
  local pattern meant=1
  while IFS= read -r pattern; do
    pattern=${pattern%$'\r'}
    [[ -n $pattern ]] || continue
    # shellcheck disable=SC2053 # a pattern is what it is
    if [[ $pattern == '!'* ]]; then
      [[ $1 != ${pattern:1} ]] || return 1
    else
      [[ $1 != $pattern ]] || meant=0
    fi
  done <<< "$FILES"
  return "$meant"
}

# Refuses patterns that bash would read otherwise than they are documented.
check_patterns() {
  local pattern
  while IFS= read -r pattern; do
    [[ ${pattern%$'\r'} =~ ^!?[A-Za-z0-9*?._+@~=,-]*$ ]] ||
      refuse 'Input files' 'Write one pattern per line. Its wildcards are * and ?, an exclamation mark in front excludes, and names of assets have letters, digits and . _ + @ ~ = , - only.'
  done <<< "$FILES"
}
