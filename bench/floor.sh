#!/bin/sh
# Reads the database and the files as fast as they go, side by side, and keeps nothing; beside it, the command in the arguments, if any.
set -eu
"$PG_BIN/pg_dump" --dbname="$DATABASE_URL" -Fc --no-owner --no-acl --compress="$COMPRESSION" > /dev/null &
jobs=$!
{ tar --create --file=- --sparse --numeric-owner --directory="$STAGING_DIR" . | $GZIP_COMMAND > /dev/null; } &
jobs="$jobs $!"
if [ $# -gt 0 ]; then
  "$@" &
  jobs="$jobs $!"
fi
for job in $jobs; do wait "$job"; done
