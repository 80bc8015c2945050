#!/bin/sh
# GeoLens's documented way, as a plain script: one step after the other, everything uploaded from the disk, twice.
set -eu
stamp=$(date --utc +%Y%m%d_%H%M%S)
dump=geolens_$stamp.dump
archive=staging-$stamp.tar.gz
cd "$BACKUP_DIR"
mkdir -p daily weekly
"$PG_BIN/pg_dump" --dbname="$DATABASE_URL" -Fc --no-owner --no-acl --file="daily/$dump"
"$PG_BIN/pg_restore" --list "daily/$dump" > /dev/null
tar czf "daily/$archive" -C "$STAGING_DIR" .
cp "daily/$dump" "daily/$archive" weekly/
[ -n "${BUCKET:-}" ] || exit 0
for file in "daily/$dump" "daily/$archive" "weekly/$dump" "weekly/$archive"; do
  rclone copyto "$file" "bench:$BUCKET/backups/$file"
done
