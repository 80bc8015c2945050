# shellcheck shell=bash
# What the scripts tell the operator, on stderr: stdout is the command's own.

say() { printf '%s\n' "${0##*/}: $*" >&2 || :; }

# fail CODE MESSAGE
fail() {
  local code=$1
  shift
  say "$*"
  exit "$code"
}

# joined NAME…: "api", "api and worker", "api, db and worker".
joined() {
  local text=$1
  shift
  while [ $# -gt 1 ]; do
    text="$text, $1"
    shift
  done
  [ $# -eq 0 ] || text="$text and $1"
  printf '%s' "$text"
}

# is_are NAME…: the verb that fits.
is_are() { if [ $# -eq 1 ]; then printf is; else printf are; fi; }
