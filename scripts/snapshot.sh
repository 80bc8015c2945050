#!/usr/bin/env bash
# Snapshots of the whole PostgreSQL data volume, with the project's services stopped meanwhile.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
. "$here/lib/messages.sh"
. "$here/lib/compose.sh"
. "$here/lib/signals.sh"
. "$here/lib/backup-container.sh"
. "$here/lib/stopped-services.sh"
. "$here/lib/snapshot-archive.sh"
. "$here/lib/data-volume.sh"

# A server has this long to write its last checkpoint.
DB_STOP_SECONDS=60

usage() {
  cat <<'TEXT'
usage: snapshot.sh create FILE
       snapshot.sh restore FILE [--yes]

create   stops the services of the project that run, writes the data volume of the database to FILE (tar.gz), starts them again
restore  unpacks FILE beside what is in the volume, stops the services, swaps the two, starts the services again. What was there
         stays in the volume until you remove it; there has to be room for both.

A snapshot is for the same major version of PostgreSQL. For another version, and for keeping, use the sets of geolens-backup.
On a terminal restore asks first; --yes skips that. Without a terminal it never asks.

environment: DB_SERVICE (db), PGDATA_PATH (PGDATA of its container, or /var/lib/postgresql/data), PGDATA_VOLUME (what is mounted there
or above), BACKUP_SERVICE (backup), RESTORE_STATE_DIR (the project's folder: where the names of stopped services are kept meanwhile), COMPOSE_FILE and
COMPOSE_PROJECT_NAME as Compose reads them.

Beside GeoLens, run it in the folder of the backup's own project: the services are then those of the project GEOLENS_PROJECT.

exit code: 0 done, 1 failed and nothing changed, 2 wrong arguments, 3 done, but a service was not started again, 4 another process is
at work, 5 the archive is bad, 130 or 143 stopped by a signal.
TEXT
}

wrong() {
  usage >&2
  fail 2 "$1"
}

read_arguments() {
  case ${1:-} in
    -h | --help)
      usage
      exit 0
      ;;
    create | restore) action=$1 ;;
    *) wrong 'What is to be done: create or restore?' ;;
  esac
  shift
  file=
  consent=
  while [ $# -gt 0 ]; do
    case $1 in
      --yes) consent=yes ;;
      -*) wrong "There is no option $1." ;;
      *)
        [ -z "$file" ] || wrong "One file, please: $file, or $1?"
        file=$1
        ;;
    esac
    shift
  done
  [ -n "$file" ] || wrong "$action takes a file."
}

demand_new_file() {
  if [ -e "$file" ] || [ -L "$file" ]; then fail 2 "$file is there already, and is not overwritten."; fi
  local folder
  folder=$(cd -- "$(dirname -- "$file")" 2>/dev/null && pwd) || fail 2 "There is no folder $(dirname -- "$file")."
  [ -w "$folder" ] || fail 2 "$(id -un) may not write to $folder."
  file=$folder/$(basename -- "$file")
}

demand_good_archive() {
  [ -e "$file" ] || fail 2 "There is no file $file."
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then fail 2 "$file is not a file that $(id -un) can read."; fi
  file=$(readlink -f -- "$file")
  say "reading $file from its first member to its last"
  inspect_archive "$file"
  [ -z "$trouble" ] || fail 5 "$file is refused: $trouble. Nothing was stopped."
}

demand_same_layout() {
  has_line "${data_folder:-.}" "$archive_folders" || fail 2 "The snapshot has its data folder at $(joined $archive_folders) of the volume, $DB_SERVICE has it at ${data_folder:-.} of $data_volume. Restore a set of geolens-backup instead."
}

demand_same_version() {
  local archive image volume
  archive=$(archive_version "$file" "${data_folder:-.}")
  image=$(image_version) || fail 1 "The image of $DB_SERVICE does not say its version; see above."
  volume=$(volume_version) || fail 1 "The volume $data_volume cannot be read; see above."
  local mend='Restore a set of geolens-backup instead: that goes from one version to another.'
  [ "$archive" = "$image" ] || fail 2 "The snapshot is of PostgreSQL $archive, the image of $DB_SERVICE has $image. $mend"
  if [ -n "$volume" ] && [ "$volume" != "$archive" ]; then
    fail 2 "The snapshot is of PostgreSQL $archive, the volume $data_volume holds data of $volume. $mend"
  fi
}

# The database last: it has to outlive those that write to it.
stop_project() {
  local running service others=''
  running=$(services_of_project_that_run)
  for service in $running; do
    [ "$service" = "$DB_SERVICE" ] || others="$others $(service_of_application "$service")"
  done
  if [ -n "$application" ] && backup_runs; then others="$others $BACKUP_SERVICE"; fi
  # shellcheck disable=SC2086
  if [ -n "$others" ]; then stop_services $others; fi
  heed
  if has_line "$DB_SERVICE" "$running"; then stop_services -t "$DB_STOP_SECONDS" "$(service_of_application "$DB_SERVICE")"; fi
  heed
  demand_unused
}

# in_volume COMMAND…: in a container that a signal ends. By SIGKILL: the first process of a container takes no notice of a SIGTERM
# that it does not handle, as tar does not, and what is left half-done is removed afterwards.
in_volume() { run_until_signal "end_container kill $worker" "$@"; }

remove_partial() { rm -f -- "$file.partial"; }

create() {
  local links partial=$file.partial
  [ -n "$(volume_version)" ] || fail 1 "The volume $data_volume holds no PG_VERSION at ${data_folder:-its top}: no data folder of PostgreSQL is there."
  links=$(links_in_volume)
  [ -z "$links" ] || fail 1 "These lead out of the volume, so that a snapshot would not hold all of the database. Use geolens-backup run.
$links"
  stop_project
  umask 077
  # What a former one left under that name may be open to others.
  remove_partial
  on_exit=remove_partial
  remember container "$worker"
  in_volume write_archive "$partial" || { heed; fail 1 'The volume could not be archived; see above.'; }
  heed
  # Reading it back takes a while and no service has to wait for it. What does not start is tried again at the end.
  start_services || :
  inspect_archive "$partial"
  [ -z "$trouble" ] || fail 5 "What was written is no good: $trouble."
  heed
  sync -- "$partial" 2>/dev/null || :
  [ ! -e "$file" ] || fail 1 "$file has come meanwhile, and is not overwritten."
  mv -- "$partial" "$file"
  say "$file is written: $(du -h -- "$file" | cut -f 1)"
}

restore() {
  local stamp
  stamp=$(date -u +%Y%m%d_%H%M%S)
  demand_same_layout
  demand_same_version
  [ -n "$consent" ] || demand_consent "The database in $data_volume is replaced by $file."
  heed
  say "unpacking beside what is in $data_volume; nothing is stopped yet"
  on_exit=discard_unpacked
  in_volume unpack "$file" "$stamp" || { heed; fail 1 'It could not be unpacked; see above. The volume is as it was.'; }
  heed
  stop_project
  remember container "$worker"
  # A swap is made of renames, done in a moment, and not cut short.
  to_its_end swap "$stamp" && status=0 || status=$?
  case $status in
    0) on_exit= ;;
    1) fail 1 'The swap failed, and was taken back; see above.' ;;
    *) give_up "$stamp" "$status" ;;
  esac
  say "$data_volume holds the snapshot. What was there is kept in its folder .before-$stamp; to remove that:"
  say "  docker run --rm -v '$data_volume:/data' --entrypoint rm '$db_image' -rf '/data/.before-$stamp'"
}

# A server must not start from half of one data folder and half of another.
give_up() {
  # shellcheck disable=SC2086
  say "!!! The swap failed ($2) and could not be taken back; see above. What was in $data_volume is in its folder .before-$1, as far as it was moved, what was unpacked in .incoming-$1. These stay stopped until you start them:$stopped"
  stopped=
  on_exit=
  exit 1
}

read_arguments "$@"
if [ "$action" = create ]; then demand_new_file; else demand_good_archive; fi
find_compose
enter_project "$here/.." "$here/../docker"
[ -n "$application" ] || demand_service "$DB_SERVICE" DB_SERVICE
find_data_volume
# Its containers, one after the other, have this name.
worker=geolens-snapshot-$token
take_over_services
"$action"
