#!/bin/sh
# Signs with the transit engine of OpenBao as a short script does: one curl after the other.
# Usage: one-by-one.sh URL SIGNING_KEY DIRECTORY CURL_CONFIG
set -eu
post() { curl --silent --show-error --fail --config "$4" --request POST --header "X-Vault-Token: $1" --data "$3" "$2"; }
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
token=$(post '' "$1/v1/auth/cert/login" '{}' "$4" | member client_token)
find "$3" -type f | while read -r file; do
  digest=$(openssl dgst -sha256 -binary "$file" | base64 -w 0)
  body="{\"input\":\"$digest\",\"prehashed\":true,\"marshaling_algorithm\":\"asn1\"}"
  signature=$(post "$token" "$1/v1/transit/sign/$2/sha2-256" "$body" "$4" | member signature)
  printf %s "${signature##*:}" >"$file.sign"
done
