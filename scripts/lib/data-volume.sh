# shellcheck shell=bash disable=SC2154
# The volume of the database's data folder. What is done there is done by the database's own image: nothing is pulled, and owners
# are what they are for the server.

DB_SERVICE=${DB_SERVICE:-db}

# Sets db_container, db_image, data_volume, data_folder (that of the data in the volume, empty for its top) and compose_project.
find_data_volume() {
  if [ -n "$application" ]; then
    db_container=$(outside_containers -aq "$application/$DB_SERVICE")
    [ -n "$db_container" ] || fail 1 "The project $application has no container of $DB_SERVICE. Set GEOLENS_PROJECT to the project's name, or DB_SERVICE to the service's."
  else
    # Version 2 lists containers that are stopped only when asked, version 1 anyway.
    db_container=$(compose ps -aq "$DB_SERVICE")
  fi
  db_container=${db_container%%$'\n'*}
  [ -n "$db_container" ] || fail 1 "$DB_SERVICE has no container. Make one with: ${compose_command[*]} up --no-start $DB_SERVICE"
  db_image=$(docker inspect -f '{{.Image}}' "$db_container")
  compose_project=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.project"}}' "$db_container")
  local path=${PGDATA_PATH:-} mount
  path=${path:-$(container_pgdata)}
  path=${path:-/var/lib/postgresql/data}
  path=${path%/}
  mount=$(mount_above "$path")
  data_volume=${PGDATA_VOLUME:-${mount%%$'\t'*}}
  data_folder=''
  if [ -n "$mount" ]; then
    data_folder=${path#"${mount#*$'\t'}"}
    data_folder=${data_folder#/}
  fi
  [ -n "$data_volume" ] || fail 1 "Nothing is mounted at $path or above it in $DB_SERVICE. Set PGDATA_PATH, or PGDATA_VOLUME to the volume's name. Its mounts:
$(mounts)"
  case $data_volume in
    *:*) fail 1 "$data_volume has a colon in its name, and Docker mounts no such folder." ;;
  esac
}

# Volumes by their names, folders of the host by their paths; a tab; where they are mounted.
mounts() { docker inspect -f '{{range .Mounts}}{{if .Name}}{{.Name}}{{else}}{{.Source}}{{end}}{{"\t"}}{{.Destination}}{{"\n"}}{{end}}' "$db_container"; }

# mount_above PATH: the line of the mount that holds the path: of several the innermost, or that of PGDATA_VOLUME.
mount_above() {
  mounts | awk -F '\t' -v path="$1" -v volume="${PGDATA_VOLUME:-}" '
    (path == $2 || index(path, $2 "/") == 1) && (volume == "" || volume == $1) && length($2) > length(at) { at = $2; line = $0 }
    END { if (line != "") print line }'
}

# Where the server of the container keeps its data, by its environment.
container_pgdata() { docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$db_container" | sed -n 's/^PGDATA=//p'; }

# Services of the project with a container that runs, whatever their profile.
services_of_project_that_run() {
  docker ps --filter "label=com.docker.compose.project=$compose_project" --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.service"}}' | sort -u
}

demand_unused() {
  local users
  users=$(docker ps --filter "volume=$data_volume" --format '{{.Names}}')
  [ -z "$users" ] || fail 1 "The volume $data_volume is still used by: $users"
}

# on_volume ro|rw PROGRAM ARGUMENT…: in the folder /data of a container without network.
on_volume() {
  local mode=$1 program=$2
  shift 2
  docker run --rm -i --name "$worker" --network none --user 0:0 -v "$data_volume:/data:$mode" --entrypoint "$program" "$db_image" "$@"
}

# image_version: the major version of the server in the image.
image_version() {
  local text
  text=$(docker run --rm --network none --entrypoint postgres "$db_image" --version) || return
  text=${text#*PostgreSQL\) }
  printf '%s' "${text%%[!0-9]*}"
}

# volume_version: that of the data folder in the volume; nothing when the volume holds none.
volume_version() {
  # shellcheck disable=SC2016
  on_volume ro sh -c 'if [ -e "/data/$1/PG_VERSION" ]; then cat "/data/$1/PG_VERSION"; fi' sh "${data_folder:-.}" </dev/null
}

# What a snapshot would not hold, or not hold as it is: links lead out of the volume. The official image of PostgreSQL 18 has one at the
# top that does not: data -> .
links_in_volume() { on_volume ro sh -c "find /data ! \\( -path /data/data -lname . \\) ! -type f ! -type d ! -type s ! -path '/data/.before-*' ! -path '/data/.incoming-*' 2>/dev/null || :" </dev/null; }

# write_archive FILE
write_archive() { on_volume ro tar --exclude './.before-*' --exclude './.incoming-*' --exclude "./${data_folder:+$data_folder/}postmaster.pid" -C /data -czf - . </dev/null >"$1"; }

# unpack FILE STAMP: into a folder of its own in the volume, away from what is there.
unpack() {
  # shellcheck disable=SC2016
  on_volume rw sh -c 'rm -rf /data/.incoming-* && mkdir -m 700 "/data/.incoming-$1" && tar -C "/data/.incoming-$1" -xzf - && test -s "/data/.incoming-$1/$2/PG_VERSION"' sh "$2" "${data_folder:-.}" <"$1"
}

discard_unpacked() { on_volume rw sh -c 'rm -rf /data/.incoming-*' </dev/null; }

# swap STAMP: what is there goes to .before-STAMP, what is in .incoming-STAMP takes its place. By renames alone; when one fails, all go back.
# It is one script in the container, which goes on when this one is killed. Its status is 1 when all is as it was, 2 when it is not.
swap() {
  # shellcheck disable=SC2016
  on_volume rw sh -c '
move() {
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case ${entry##*/} in .before-* | .incoming-* | lost+found) continue ;; esac
    if [ ! -e "$entry" ] && [ ! -L "$entry" ]; then continue; fi
    mv "$entry" "$2/" || return 1
  done
}
before=/data/.before-$1 incoming=/data/.incoming-$1
mkdir -m 700 "$before" && chown "$(stat -c %u:%g /data)" "$before" || { rmdir "$before"; exit 1; }
if move /data "$before"; then
  if move "$incoming" /data; then sync; rm -rf "$incoming"; exit 0; fi
  move /data "$incoming" || exit 2
fi
move "$before" /data && rmdir "$before" || exit 2
exit 1' sh "$1" </dev/null
}
