#!/usr/bin/env bash
# Hands over where the functions lie, for a step that has its script in the workflow.
set -eo pipefail
here=$(cd "$(dirname "$0")" && pwd)
echo "library=$here/releases.sh" >> "$GITHUB_OUTPUT"
