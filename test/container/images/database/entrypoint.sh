#!/bin/bash
# As the official image does it: the first start makes a cluster, a role and a database; each start runs the server as postgres.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 0700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") --auth-local=trust --auth-host=scram-sha-256 >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl --silent --wait -o "-c listen_addresses=''" start
  createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
  psql -Xq --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" -c 'CREATE EXTENSION postgis'
  pg_ctl --silent --wait stop
fi
exec "$@" -c listen_addresses='*'
