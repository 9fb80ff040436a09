# login.json holds {"login": "...", "password": "..."}; only you may read it, nor anybody what is made here.
umask 077
curl -sS --fail-with-body -c cookies.txt -H "Content-Type: application/json" -d @login.json "$PERSCAN/api/v1/login"

# A token for a program. It is shown this once; in a file, no list of processes shows it.
curl -sS --fail-with-body -b cookies.txt -H "Origin: $PERSCAN" -H "Content-Type: application/json" \
  -d '{"name": "bookkeeping", "lifetime_days": 30}' "$PERSCAN/api/v1/tokens" |
  jq -r '"Authorization: Bearer " + .token' > token.txt
curl -sS --fail-with-body -X POST -b cookies.txt -H "Origin: $PERSCAN" "$PERSCAN/api/v1/logout"

# What counts, of the last days.
curl -sS --fail-with-body -H @token.txt "$PERSCAN/api/v1/usage-by/day?limit=7"
