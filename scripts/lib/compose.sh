# shellcheck shell=bash
# Compose, whichever of its two forms the host has, in the folder of its project. The project's .env is read by Compose alone: as a
# shell script, `BACKUP_SCHEDULE=0 2 * * *` would run a program called 2.

BACKUP_SERVICE=${BACKUP_SERVICE:-backup}
RESTORE_SERVICE=${RESTORE_SERVICE:-restore}
compose_command=()

compose() { "${compose_command[@]}" "$@"; }

find_compose() {
  command -v docker >/dev/null 2>&1 || fail 1 'docker is not installed, or not on the PATH.'
  if docker compose version >/dev/null 2>&1; then
    compose_command=(docker compose)
  elif docker-compose version >/dev/null 2>&1; then
    compose_command=(docker-compose)
  else
    fail 1 "Neither 'docker compose' nor 'docker-compose' works here. Install the Compose plugin of Docker."
  fi
}

# enter_project FOLDER…: when Compose is told nothing else and there is no project here, makes the first FOLDER that has one the current one.
# Then project_dir is where Compose takes the project to be.
enter_project() {
  local folder
  if [ -z "${COMPOSE_FILE:-}" ]; then
    for folder in . "$@"; do
      holds_project "$folder" || continue
      cd -- "$folder" || exit 1
      break
    done
  fi
  local first=${COMPOSE_FILE:-}
  first=${first%%"${COMPOSE_PATH_SEPARATOR:-:}"*}
  case $first in
    */*) project_dir=${first%/*}/ ;;
    *) project_dir=. ;;
  esac
  project_dir=$(cd -- "$project_dir" && pwd) || fail 2 "The folder of COMPOSE_FILE=$COMPOSE_FILE does not exist."
  services_of_project=$(compose --profile backup --profile restore config --services) || fail 2 'Compose found no project that it can read; see above.'
  application=$(compose --profile backup config 2>/dev/null | sed -n 's/^ *geolens-backup\.application: *//p' | tr -d "\"'" | sort -u)
}

# The services that use the database can be those of another Compose project, `application`: a label of the backup service names it.
# The scripts write such a service as PROJECT/SERVICE. They reach it through the engine, by the labels that Compose gives to containers,
# so that they need neither its Compose file nor its .env.
application=

# service_of_application NAME
service_of_application() { printf '%s' "${application:+$application/}$1"; }

# outside_containers OPTION PROJECT/SERVICE: ids of its containers; with -q those that run, with -aq all.
outside_containers() {
  docker ps "$1" --filter "label=com.docker.compose.project=${2%%/*}" --filter "label=com.docker.compose.service=${2#*/}" \
    --filter label=com.docker.compose.oneoff=False
}

holds_project() {
  local name
  for name in compose.yaml compose.yml docker-compose.yaml docker-compose.yml; do
    [ ! -f "$1/$name" ] || return 0
  done
  [ -r "$1/.env" ] && grep -q '^[[:space:]]*COMPOSE_FILE=' "$1/.env"
}

# has_line LINE TEXT. No pipe into `grep -q`: it leaves at the first match, and what still writes to it fails.
has_line() { grep -qxF -- "$1" <<<"$2"; }

# demand_service NAME VARIABLE
demand_service() {
  has_line "$1" "$services_of_project" || fail 2 "The project has no service $1. Set $2 to the name that it has."
}

# containers_of SERVICE: their ids; those that are stopped too where Compose is of version 1.
containers_of() {
  if [ "$1" = "$BACKUP_SERVICE" ]; then compose --profile backup ps -q "$1"; else compose ps -q "$1"; fi
}

# service_runs SERVICE: whether a container of it runs; a service that the project does not have does not.
#
# Not `ps --status running`: Compose 1 does not have it, 2.0 takes no notice of it beside --services, and a service that restarts
# over and over runs for us, as it would come back in the middle of a restore.
service_runs() {
  local ids id
  case $1 in
    */*)
      ids=$(outside_containers -q "$1") || fail 1 "The engine does not say whether $1 is running; see above."
      [ -n "$ids" ]
      return
      ;;
  esac
  if ! ids=$(containers_of "$1" 2>/dev/null); then
    # A profile may hide a service from the list of the configuration; one that is listed has to answer.
    has_line "$1" "$services_of_project" || return 1
    ids=$(containers_of "$1") || fail 1 "Compose does not say whether $1 is running; see above."
  fi
  for id in $ids; do
    if container_runs "$id"; then return 0; fi
  done
  return 1
}

# container_runs ID|NAME
container_runs() { [ "$(docker inspect -f '{{.State.Running}}' "$1" 2>/dev/null)" = true ]; }
