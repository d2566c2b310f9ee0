# Sourced by the findings: unpack PACKAGE=VERSION... into a temporary folder, $root, which goes with the script.
# Sets $work, a folder to work in, and the paths of programs and libraries.  Exits with 2 if a version is gone.
set -eu
work=$(mktemp -d) root=$work/root
trap 'rm -rf "$work"' EXIT
mkdir "$root"
chmod 755 "$work"

unpack () {
  (cd "$work" && apt-get -qq download "$@" 2>"$work/apt.log") || {
    cat "$work/apt.log" >&2
    echo "${0##*/}: not to be had: $*" >&2
    exit 2
  }
  for package in "$work"/*.deb; do
    dpkg -x "$package" "$root"
  done
  libraries=$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
  export PATH="$root/usr/bin:$PATH" LD_LIBRARY_PATH="$libraries"
  echo "with $*"
}

# Compare what was seen, standard input, with the file $work/expected; print it.
compare () {
  cat >"$work/seen"
  cat "$work/seen"
  diff -u "$work/expected" "$work/seen" >"$work/diff" || {
    echo "${0##*/}: no longer so:" >&2
    cat "$work/diff" >&2
    exit 1
  }
}
