#!/usr/bin/env bash
# Restores a dump on a Compose host. The order is the promise: what is checked before anything is stopped, and what runs afterwards.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
. "$here/lib/messages.sh"
. "$here/lib/compose.sh"
. "$here/lib/signals.sh"
. "$here/lib/backup-container.sh"
. "$here/lib/stopped-services.sh"
. "$here/lib/dump-file.sh"

usage() {
  cat <<'TEXT'
usage: restore.sh latest|TIMESTAMP|FILE [options of geolens-backup restore]

Checks the dump, stops api and worker where they run, restores, and starts again what it stopped, whatever happens.

  latest       the newest complete set
  TIMESTAMP    the set of that time: YYYYMMDD_HHMMSS, UTC
  FILE         a dump on this host, handed in read-only with the files beside it; or one in the container, as /backups/daily/…

Options are those of `geolens-backup restore`, for example --dry-run, --store s3, --into DB, --table S.T, --in-place,
--staging-to DIR (a folder in the container: /staging), --staging-from TIMESTAMP|FILE. On a terminal, it asks after the check; --yes does not ask.

environment: BACKUP_SERVICE (backup), RESTORE_SERVICE (restore: does it instead, where the project has it, with --staging-to),
RESTORE_STOP_SERVICES (api worker), RESTORE_STATE_DIR (the project's folder: where the names of stopped services are kept meanwhile),
COMPOSE_FILE and COMPOSE_PROJECT_NAME as Compose reads them.

Beside GeoLens, run it in the folder of the backup's own project: api and worker are then those of the project GEOLENS_PROJECT.

exit code: that of the restore. 0 done, 1 failed and nothing changed, 2 wrong arguments, 3 partly done, or a service was not started
again, 4 another process is at work, 5 the dump is bad, 130 or 143 stopped by a signal.
TEXT
}

wrong() {
  usage >&2
  fail 2 "$1"
}

# Whether the text is a file of this host; fails when it is nothing at all.
is_host_file() {
  case $1 in
    latest | [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]_[0-9][0-9][0-9][0-9][0-9][0-9]) return 1 ;;
  esac
  if [ -e "$1" ]; then return 0; fi
  case $1 in
    /backups/*) return 1 ;;
    */*) fail 2 "There is no file $1." ;;
    *) fail 2 "$1 is neither a file here, nor latest, nor a timestamp (YYYYMMDD_HHMMSS)." ;;
  esac
}

volumes=() # of the container that the restore is given, when there are files of this host

# hand_in FILE FOLDER: sets handed_in to its path in the container, where its folder is mounted.
hand_in() {
  local path folder
  path=$(real_path "$1")
  folder=$(dirname -- "$path")
  demand_mountable "$folder"
  volumes+=(-v "$folder:$2:ro")
  handed_in=$2/${path##*/}
}

read_arguments() {
  case ${1:-} in
    -h | --help)
      usage
      exit 0
      ;;
    '') wrong 'What is to be restored?' ;;
    -*) wrong "What is to be restored comes first, before $1." ;;
  esac
  local what=$1
  shift
  if is_host_file "$what"; then
    demand_dump_file "$what"
    hand_in "$what" /restore
    what=$handed_in
  fi
  arguments=("$what")
  only_check=
  to_staging=
  consent=
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) only_check=yes ;;
      --yes) consent=yes ;;
      --staging-to | --staging-to=*)
        to_staging=yes
        arguments+=("$1")
        ;;
      --staging-from | --staging-from=*) read_staging_from "$@" && shift ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
}

# Answers whether the value is an argument of its own.
read_staging_from() {
  local value=${1#*=}
  if [ "$1" = --staging-from ]; then value=${2:-}; fi
  [ -n "$value" ] || wrong '--staging-from takes a timestamp or a file.'
  if is_host_file "$value"; then
    if [ ! -f "$value" ] || [ ! -r "$value" ]; then fail 2 "$value is not a file that $(id -un) can read."; fi
    hand_in "$value" /restore-staging
    value=$handed_in
  fi
  arguments+=(--staging-from "$value")
  [ "$1" = --staging-from ]
}

# restore check|restore OPTION…: with the arguments. The check gets no terminal: it asks nothing, and its output is redirected.
restore() {
  local kind=$1 name=geolens-$1-$token
  shift
  if [ "$by" = run ]; then
    if [ "$kind" = restore ]; then remember container "$name"; fi
    restore_by_run "$service" "$name" ${volumes[@]+"${volumes[@]}"} -- "${arguments[@]}" "$@"
  elif [ "$kind" = restore ] && [ -t 0 ] && [ -t 1 ]; then
    restore_by_exec "${arguments[@]}" "$@"
  else
    restore_by_exec -T "${arguments[@]}" "$@"
  fi
}

services_that_run() {
  local service
  for service in ${RESTORE_STOP_SERVICES-api worker}; do
    service=$(service_of_application "$service")
    if service_runs "$service"; then printf '%s\n' "$service"; fi
  done
}

read_arguments "$@"
find_compose
enter_project "$here/.." "$here/../docker"
demand_service "$BACKUP_SERVICE" BACKUP_SERVICE
take_over_services

# The backup's own container can only read the staging files.
service=$BACKUP_SERVICE
if [ -n "$to_staging" ] && has_line "$RESTORE_SERVICE" "$services_of_project"; then service=$RESTORE_SERVICE; fi
by=run
if [ "$service" = "$BACKUP_SERVICE" ] && [ ${#volumes[@]} -eq 0 ] && backup_runs; then by="exec"; fi
heed

if [ -n "$only_check" ]; then
  restore check --dry-run && status=0 || status=$?
  exit "$status"
fi

say 'checking first; nothing is stopped yet'
# Results on stdout are those of the restore alone.
restore check --dry-run >&2 && status=0 || status=$?
heed
[ "$status" -eq 0 ] || fail "$status" 'refused. Nothing was stopped, nothing was changed.'

running=$(services_that_run)
heed
# shellcheck disable=SC2086
[ -n "$consent" ] || demand_consent "${running:+$(joined $running) stop meanwhile. }The check above shows what replaces what."
heed
# shellcheck disable=SC2086
if [ -n "$running" ]; then stop_services $running; else say 'no service has to be stopped'; fi
heed

restore restore --yes && status=0 || status=$?
heed
[ "$status" -eq 0 ] || say "the restore ended with exit code $status"
exit "$status"
