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

# demand_consent QUESTION: asks on a terminal, and exits unless the answer is yes.
demand_consent() {
  [ -t 0 ] || return 0
  local answer
  printf '%s' "$1 Go on? [y/N] " >&2
  read -r answer || answer=
  case $answer in
    [yY] | [yY][eE][sS]) ;;
    *) fail 1 'Nothing was done.' ;;
  esac
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
