# shellcheck shell=bash
# What a signal does: the work that goes on is ended in its container, where Compose does not pass signals on reliably, and awaited;
# then the script goes on to its end, whose exit code is the signal's.

signalled= # exit code of the first signal
child=     # process id of the client whose work goes on
end_child= # command that ends that work in its container, and returns when it has ended

heed_signals() {
  trap 'on_signal 130' INT
  trap 'on_signal 143' TERM
  trap 'on_signal 129' HUP
  # A `| tee` that Ctrl-C ended must not end what starts the services again.
  trap '' PIPE
}

on_signal() {
  [ -z "$signalled" ] || return 0
  signalled=$1
  if [ -z "$child" ]; then return 0; fi
  say 'stopping…'
  $end_child
}

# Ends the script when a signal came between two steps.
heed() { [ -z "$signalled" ] || exit "$signalled"; }

# to_its_end COMMAND…: in a process group of its own, which Ctrl-C does not reach. A signal does not cut it short.
to_its_end() { run_until_signal : "$@"; }

# run_until_signal END COMMAND…: likewise, and a signal has END called.
run_until_signal() {
  end_child=$1
  shift
  set -m
  "$@" </dev/null &
  child=$!
  set +m
  await_child
}

# run_on_terminal END COMMAND…: in the foreground, with the terminal as its input; the terminal's Ctrl-C goes to the container.
run_on_terminal() {
  end_child=$1
  shift
  "$@" <&0 &
  child=$!
  await_child
}

await_child() {
  local status
  # Between the start and here no signal found a child.
  [ -z "$signalled" ] || $end_child
  while :; do
    status=0
    wait "$child" || status=$?
    # A signal that is heeded ends `wait`, not the child.
    child_lives || break
  done
  child=
  return "$status"
}

child_lives() { kill -0 "$child" 2>/dev/null; }

# end_container stop|kill OPTION… NAME: with that command of docker.
end_container() {
  # It may not have begun yet.
  until docker "$@" >/dev/null 2>&1; do
    child_lives || break
    sleep 0.3
  done
}
