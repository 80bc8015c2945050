# shellcheck shell=bash
# A snapshot is the tar.gz of a PostgreSQL data folder. It is looked through from the first member to the last before it is trusted.

# archive_trouble FILE: what is wrong with it; nothing when it is good.
archive_trouble() {
  local names kinds
  gzip -t -- "$1" 2>/dev/null || { echo 'it does not read through: it is cut, damaged, or not a gzip file'; return; }
  names=$(LC_ALL=C tar -tzf "$1" 2>/dev/null) || { echo 'it does not read through: what is in it is no whole tar archive'; return; }
  if grep -qE '^/|(^|/)\.\.(/|$)' <<<"$names"; then
    echo "it holds a name that leads out of the folder: $(grep -m 1 -E '^/|(^|/)\.\.(/|$)' <<<"$names")"
    return
  fi
  # A link can lead out of the folder, and a file that follows it through the link.
  kinds=$(LC_ALL=C tar -tvzf "$1" 2>/dev/null)
  if grep -qv '^[-d]' <<<"$kinds"; then
    echo "it holds something that is neither a file nor a folder: $(grep -m 1 -v '^[-d]' <<<"$kinds")"
    return
  fi
  grep -qxE '(\./)?PG_VERSION' <<<"$names" || { echo 'it holds no PG_VERSION: it is not a data folder of PostgreSQL'; return; }
  grep -qxE '(\./)?global/pg_control' <<<"$names" || echo 'it holds no global/pg_control: no server can start from it'
}

# archive_version FILE: the major version of its data folder.
archive_version() {
  tar -xzOf "$1" ./PG_VERSION 2>/dev/null || tar -xzOf "$1" PG_VERSION
}
