# shellcheck shell=bash disable=SC2154
# Services that a script stops for the time of its work, and starts again on every way out. Their names are in a file in the
# project's folder from before the first is stopped until the last is started: after a SIGKILL the next script starts them.

stopped= # names, separated by spaces
on_exit= # command for every way out, once the services run again

# Takes on what a script that was killed has left; from here on every way out starts the services.
take_over_services() {
  local state_dir=${RESTORE_STATE_DIR:-$project_dir}
  state_file=$state_dir/.geolens-backup-stopped${COMPOSE_PROJECT_NAME:+-$COMPOSE_PROJECT_NAME}
  if [ ! -d "$state_dir" ] || [ ! -w "$state_dir" ]; then
    fail 1 "$state_dir is not a folder that you may write to. Set RESTORE_STATE_DIR to one: it keeps the names of the services that are stopped."
  fi
  lock "$state_dir"
  if [ -f "$state_file" ]; then take_over; fi
  heed_signals
  trap 'finish $?' EXIT
}

# The clients of the engine inherit the lock: after a SIGKILL of the script alone it is held until the client has ended.
lock() {
  command -v flock >/dev/null 2>&1 || return 0
  exec 9<"$1"
  flock -n 9 || fail 4 'Another restore.sh or snapshot.sh is at work in this project. Nothing was done.'
}

take_over() {
  local kind name
  while read -r kind name; do
    case $kind in
      service) stopped="$stopped $name" ;;
      container) ! container_runs "$name" || fail 4 "What a script that was killed began goes on in the container $name. Wait for it, or end it with: docker stop $name" ;;
    esac
  done <"$state_file"
  ! restore_goes_on || fail 4 "The restore that a script began, which was killed, goes on in the container of $BACKUP_SERVICE. Wait for it."
  # shellcheck disable=SC2086
  [ -z "$stopped" ] || say "left stopped by a script that was killed: $(joined $stopped)"
}

# remember KIND NAME…: adds to the file, at once or not at all.
remember() {
  local kind=$1 name
  shift
  {
    [ ! -f "$state_file" ] || cat -- "$state_file"
    for name in "$@"; do printf '%s %s\n' "$kind" "$name"; done
  } >"$state_file.new" || fail 1 "$state_file.new could not be written."
  mv -f -- "$state_file.new" "$state_file" || fail 1 "$state_file could not be written."
  sync -- "$state_file" 2>/dev/null || :
}

# stop_services [-t SECONDS] NAME…
stop_services() {
  local -a options=(stop)
  if [ "$1" = -t ]; then
    options=(stop -t "$2")
    shift 2
  fi
  [ $# -gt 0 ] || return 0
  remember service "$@"
  stopped="$stopped $*"
  in_groups "$@" || fail 1 "Not all of these could be stopped: $*. See above; nothing else was done."
  say "$(joined "$@") $(is_are "$@") stopped"
}

# Starts what is stopped. The file stays when that fails.
start_services() {
  local -a options=(start)
  [ -n "$stopped" ] || return 0
  # shellcheck disable=SC2086,SC2046
  set -- $(printf '%s\n' $stopped | awk '!seen[$0]++')
  if ! in_groups "$@"; then
    say '!!!'
    say "!!! NOT STARTED, or not all of them: $*"
    say "!!! See above, then start them with: $(start_command "$@")"
    say "!!! The next restore.sh or snapshot.sh tries again; $state_file remembers."
    say '!!!'
    return 1
  fi
  rm -f -- "$state_file"
  stopped=
  say "started again: $*"
}

# start_command NAME…: what an operator types to start them.
start_command() {
  local name own='' outside='' text=''
  for name in "$@"; do
    case $name in
      */*) outside="$outside ${name#*/}" ;;
      *) own="$own $name" ;;
    esac
  done
  [ -z "$own" ] || text="${compose_command[*]} start$own"
  [ -z "$outside" ] || text="${text:+$text; }(cd / && ${compose_command[*]} -p $(project_of "$@") start$outside)"
  printf '%s' "$text"
}

# project_of NAME…: the project of the first that is of another one.
project_of() {
  local name
  for name in "$@"; do
    case $name in
      */*) printf '%s' "${name%%/*}"; return ;;
    esac
  done
}

# Does `compose <options> NAME…`, with its profile for the backup service, and the same for services of another project.
# (A `return` without a number would mean, in a trap, the status from before the trap.)
in_groups() {
  local name backup='' others='' outside=''
  for name in "$@"; do
    case $name in
      "$BACKUP_SERVICE") backup=$name ;;
      */*) outside="$outside $name" ;;
      *) others="$others $name" ;;
    esac
  done
  # shellcheck disable=SC2086
  if [ -n "$others" ]; then to_its_end compose "${options[@]}" $others || return 1; fi
  # shellcheck disable=SC2086
  if [ -n "$outside" ]; then to_its_end in_other_project $outside || return 1; fi
  if [ -n "$backup" ]; then to_its_end compose --profile backup "${options[@]}" "$backup" || return 1; fi
}

# in_other_project PROJECT/SERVICE…: in a folder without a Compose file Compose knows a project by the labels of its containers, the
# order of their dependencies too.
in_other_project() {
  local project
  project=$(project_of "$@")
  cd / || return 1
  env -u COMPOSE_FILE -u COMPOSE_PROFILES -u COMPOSE_PROJECT_NAME "${compose_command[@]}" -p "$project" "${options[@]}" "${@#*/}"
}

finish() {
  local status=$1
  trap - EXIT
  trap '' INT TERM HUP
  [ -z "$signalled" ] || status=$signalled
  start_services || { [ "$status" -ne 0 ] || status=3; }
  # Nothing was stopped, or all is started; without services a file can remain that only names a container.
  [ -n "$stopped" ] || rm -f -- "$state_file"
  if [ -n "$on_exit" ]; then "$on_exit" || :; fi
  exit "$status"
}
