# ./dev format: formats and checks the C and C++ sources that git knows.  Sourced by ./dev.

# Releases of clang-format differ in places, so one is chosen: Debian 12, 13 and sid have it.
needs_format () {
  find_formatter || { installs && ! apt_has clang-format-19; } || echo call:find_formatter=clang-format-19
  echo git=git
}

find_formatter () {
  for formatter in clang-format-19 clang-format; do
    case $("$formatter" --version 2>/dev/null) in
    *' version 19.'*) return 0 ;;
    esac
  done
  return 1
}

format () {
  case $#,${1-} in
  0, | 1,--check) ;;
  *) refuse "format takes --check or nothing" ;;
  esac
  know_packages
  need $(needs_format)
  find_formatter || die "there is no clang-format 19"
  files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.cpp' '*.hpp')
  case ${1-} in
  --check) check_format $files ;;
  '') "$formatter" -i $files ;;
  esac
}

# Fail if one of the files is not formatted or does not open with a comment.
check_format () {
  is_right=0
  "$formatter" --dry-run --Werror "$@" || is_right=1
  unopened=$(awk '
    FNR == 1 { has_begun = 0 }
    NF && !has_begun++ && $1 !~ /^\/[*\/]/ { print FILENAME }' "$@"
    find "$@" -size 0)
  [ -z "$unopened" ] || {
    printf 'dev: these files do not open with a comment that says what they own:\n%s\n' "$unopened" >&2
    is_right=1
  }
  return "$is_right"
}
