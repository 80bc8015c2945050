# shellcheck shell=bash
# `geolens-backup restore` in the container of the backup service: in the one that runs, or in one of its own.

token=$(date +%s)-$$

# The scripts that follow are run by the container's own shell. The first leaves its process id, which is then the restore's:
# `exec` of Compose passes no signal on.
# shellcheck disable=SC2016
EXEC_RESTORE='rm -f /tmp/geolens-restore.*; { echo $$ >"/tmp/geolens-restore.$1"; } 2>/dev/null; shift; exec geolens-backup restore "$@"'
# A restore ends within 10 s of a SIGTERM; services must not be started while it goes on.
# shellcheck disable=SC2016
EXEC_END='pid=$(cat "/tmp/geolens-restore.$1" 2>/dev/null) || exit 1
kill -TERM "$pid" 2>/dev/null
tries=0
while kill -0 "$pid" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || kill -KILL "$pid"
  sleep 0.5
done'
# shellcheck disable=SC2016
EXEC_GOES_ON='for file in /tmp/geolens-restore.*; do
  pid=$(cat "$file" 2>/dev/null) && kill -0 "$pid" 2>/dev/null && grep -q restore "/proc/$pid/cmdline" 2>/dev/null && exit 0
done
exit 1'

in_backup() { compose --profile backup "$@"; }

backup_runs() {
  local id
  for id in $(containers_of "$BACKUP_SERVICE" 2>/dev/null); do
    # One that restarts over and over takes no `exec`.
    if [ "$(docker inspect -f '{{.State.Status}}' "$id")" = running ]; then return 0; fi
  done
  return 1
}

# restore_by_exec [-T] ARGUMENT…: with a terminal unless -T is there.
restore_by_exec() {
  local how=run_on_terminal
  local -a options=(exec)
  if [ "$1" = -T ]; then
    how=run_until_signal
    options=(exec -T)
    shift
  fi
  "$how" end_exec in_backup "${options[@]}" "$BACKUP_SERVICE" sh -c "$EXEC_RESTORE" sh "$token" "$@"
}

end_exec() {
  # It may not have begun yet.
  until in_backup exec -T "$BACKUP_SERVICE" sh -c "$EXEC_END" sh "$token" </dev/null >/dev/null 2>&1; do
    child_lives || break
    sleep 0.3
  done
}

restore_goes_on() {
  backup_runs && in_backup exec -T "$BACKUP_SERVICE" sh -c "$EXEC_GOES_ON" </dev/null >/dev/null 2>&1
}

# restore_by_run SERVICE NAME OPTION… -- ARGUMENT…: in a container of the service that is called NAME.
restore_by_run() {
  local service=$1 name=$2
  local -a options=(--rm --no-deps -T --name "$name")
  shift 2
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  # SIGTERM, and SIGKILL to what has not ended within 30 s.
  run_until_signal "end_container stop -t 30 $name" in_backup run "${options[@]}" "$service" geolens-backup restore "$@"
}
