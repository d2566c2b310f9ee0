# The programs of examples/hello as a stranger would build them: sourced by the tests of the README's routes, after
# tap.sh.
#
#   says FILE TEXT                  succeed if FILE of the sources has TEXT
#   compile_and_run EXAMPLE [SED]   compile it in this folder by its own command, and compare its output
#   compare NAME COMMAND...         compare what COMMAND prints with the expected output of example NAME
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
hello=$source/examples/hello

says () {
  grep -qF -- "$2" "$source/$1" || {
    echo "$1 does not say: $2"
    return 1
  }
}

# The command is in the opening comment of EXAMPLE, a file's name, and in examples/hello/README.md.  The script SED may
# change it.  $launcher, if set, starts the program, whose name ends with $suffix.
compile_and_run () {
  command=$(sed -n '1,6s/^ *\/* *\(\(cc\|c++\) .*\)$/\1/p' "$hello/$1" | sed 's, *\*/$,,')
  says examples/hello/README.md "\`$command\`"
  cp "$hello/$1" .
  eval "$(echo "$command" | sed "${2-}")"
  compare "${1%.*}" ${launcher-} "./${1%.*}${suffix-}"
}

compare () {
  expected=$hello/$1.expected
  shift
  "$@" >out
  tr -d '\r' <out | diff "$expected" -
}
