# shellcheck shell=bash disable=SC2034
# A snapshot is the tar.gz of a PostgreSQL data volume. It is looked through from the first member to the last before it is trusted.
#
# The data folder is the volume's top, or a folder in it: images of PostgreSQL 18 mount the volume at /var/lib/postgresql and keep the
# data in 18/docker.

# The official image of PostgreSQL 18 has this link at the volume's top. It leads to the folder that holds it.
HARMLESS_LINK='^l.* (\./)?data -> \.$'

# inspect_archive FILE: sets `trouble` to what is wrong with it, empty when it is good, and `archive_folders` to the data folders that
# it holds, one a line, `.` for the top.
inspect_archive() {
  local names kinds
  trouble='' archive_folders=''
  gzip -t -- "$1" 2>/dev/null || { trouble='it does not read through: it is cut, damaged, or not a gzip file'; return 0; }
  names=$(LC_ALL=C tar -tzf "$1" 2>/dev/null) || { trouble='it does not read through: what is in it is no whole tar archive'; return 0; }
  if grep -qE '^/|(^|/)\.\.(/|$)' <<<"$names"; then
    trouble="it holds a name that leads out of the folder: $(grep -m 1 -E '^/|(^|/)\.\.(/|$)' <<<"$names")"
    return 0
  fi
  # A link can lead out of the folder, and a file that follows it through the link.
  kinds=$(LC_ALL=C tar -tvzf "$1" 2>/dev/null)
  if grep -qvE "^[-d]|$HARMLESS_LINK" <<<"$kinds"; then
    trouble="it holds something that is neither a file nor a folder: $(grep -m 1 -vE "^[-d]|$HARMLESS_LINK" <<<"$kinds")"
    return 0
  fi
  archive_folders=$(folders_with PG_VERSION "$names")
  [ -n "$archive_folders" ] || { trouble='it holds no PG_VERSION: it is not a data folder of PostgreSQL'; return 0; }
  # Lines that both lists have.
  archive_folders=$(grep -xF -f <(folders_with global/pg_control "$names") <<<"$archive_folders") || trouble='it holds no global/pg_control: no server can start from it'
}

# folders_with FILE NAMES: the folders, at most two deep, that hold the file. Every database has a PG_VERSION too, in base/.
folders_with() {
  sed -nE "s,^\./,,; /^\.(before|incoming)-/d; /(^|\/)base\//d; s,^$1\$,.,p; s,^([^/]+(/[^/]+)?)/$1\$,\1,p" <<<"$2"
}

# archive_version FILE FOLDER: the major version of that data folder.
archive_version() {
  local at=$2/
  if [ "$2" = . ]; then at=''; fi
  tar -xzOf "$1" "./${at}PG_VERSION" 2>/dev/null || tar -xzOf "$1" "${at}PG_VERSION"
}
