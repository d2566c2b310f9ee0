#!/bin/sh
# What all commands of this project have in common: how they begin a message, give help, tell their version, and refuse
# wrong arguments.
#
#   help      -h and --help, on standard output, with "usage: NAME": status 0
#   version   -V and --version, "NAME 1.2.3", where a command is installed: status 0
#   usage     wrong arguments, none among them: status 2, and one line on standard error, "NAME: ...", which says where
#             the help is; ./dev without arguments prints all of it there
#   failure   a file that is not there, or standard output that is full: status 1, and one line, "NAME: ..."
#
# Arguments: the version, and NAME=PATH for each command.
set -u
. "$(dirname "$0")/../support/tap.sh"
version=$1
shift

explain () {
  cat "$work/out" "$work/err"
}

tool () {
  "$path" "$@" >"$work/out" 2>"$work/err" </dev/null
}

is_silent () { # a stream
  [ ! -s "$work/$1" ]
}

has_one_line () { # pattern of all of standard error
  is_silent out && [ "$(wc -l <"$work/err")" = 1 ] && grep -qx -- "$1" "$work/err"
}

for pair in "$@"; do
  name=${pair%%=*} path=${pair#*=}

  for option in -h --help; do
    tool $option && is_silent err && grep -qi "^usage: $name\|^\./$name " "$work/out"
    result $? "$name $option"
  done

  case $name in
  mir-*)
    for option in -V --version; do
      tool $option && is_silent err && [ "$(cat "$work/out")" = "$name $version" ]
      result $? "$name $option"
    done
    ;;
  esac

  tool
  [ $? = 2 ] && if [ "$name" = dev ]; then is_silent out; else has_one_line "$name: .*see --help.*"; fi
  result $? "$name without arguments"
  for option in --none -: "$(printf -- '--a\033b')"; do
    tool "$option"
    [ $? = 2 ] && has_one_line "$name: .*\(see --\|/dev \)help.*"
    result $? "$name with the unknown option $(echo "$option" | tr -d '\033')"
  done

  # What follows would be a command's name for dev.
  [ "$name" != dev ] || continue
  tool "$work/none" "$work/none"
  status=$?
  case $name in
  mir-report) [ $status = 2 ] && has_one_line "$name: .*see --help.*" ;; # it reads one trace
  mir-inject) [ $status = 1 ] && [ "$(grep -c "^$name: .*none" "$work/err")" = 2 ] ;;
  *) [ $status = 1 ] && has_one_line "$name: .*none: No such file or directory" ;;
  esac
  result $? "$name with files that are not there"
  if [ -e /dev/full ]; then
    "$path" --help >/dev/full 2>"$work/err"
    [ $? = 1 ] && : >"$work/out" && has_one_line "$name: .*"
    result $? "$name where its output is lost"
  fi
done

finish
