# shellcheck shell=bash
# What can be said about a dump on the host before any container is asked.

# demand_dump_file PATH: ends the script with 2 when it is not to be had, with 5 when it cannot be a dump of pg_dump -Fc.
demand_dump_file() {
  [ ! -d "$1" ] || fail 2 "$1 is a folder; what is restored is a file made by pg_dump -Fc."
  [ -r "$1" ] || fail 2 "$1 cannot be read by $(id -un)."
  [ -s "$1" ] || fail 5 "$1 is empty."
  # Unprintable bytes are of no use to a shell.
  if [ "$(head -c 5 -- "$1" | LC_ALL=C tr -c '[:print:]' .)" = PGDMP ]; then return 0; fi
  if LC_ALL=C grep -qaE '^(--|SET |CREATE |BEGIN;|\\restrict )' <(head -c 4096 -- "$1"); then
    fail 5 "$1 is plain SQL, not a dump made by pg_dump -Fc. Restore it with psql -v ON_ERROR_STOP=1, into an empty database."
  fi
  fail 5 "$1 does not begin as a dump made by pg_dump -Fc does."
}

# real_path PATH: absolute, through all symbolic links: the folder that is mounted has to hold the file itself.
real_path() { readlink -f -- "$1"; }

# demand_mountable FOLDER
demand_mountable() {
  case $1 in
    *:*) fail 2 "$1 has a colon in its name, and Compose mounts no such folder. Copy the file and those beside it to another one." ;;
  esac
}
