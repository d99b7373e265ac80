#!/usr/bin/env bash
# Refuses an environment in which nobody has to agree: whoever may change a release could have its assets signed otherwise.
# shellcheck disable=SC2016 # what stands in single quotes is a program of jq
set -eo pipefail
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=releases.sh
. "$here/releases.sh"
nothing_done='Nothing was signed.'

[[ -n $ENVIRONMENT ]] || refuse 'Input environment' 'With trust-assets the signing needs an environment with reviewers.'
address=$GITHUB_API_URL/repos/$REPOSITORY/environments/$(json --null-input --raw-output --arg name "$ENVIRONMENT" '$name | @uri')
status=$(ask "$address")
[[ $status == 200 ]] ||
  refuse 'Environment not seen' "GitHub did not show the environment (status $status). In a private repository the caller must grant actions: read."
jq --exit-status '[.protection_rules[]? | select(.type == "required_reviewers") | .reviewers[]?] | length > 0' answer.json > /dev/null ||
  refuse 'No reviewers' 'With trust-assets the environment must have required reviewers: Settings, Environments. They see the list of assets in the summary of the job Check.'
