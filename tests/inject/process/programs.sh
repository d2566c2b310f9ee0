# Programs of Windows that a test starts, for the scripts of this folder.  Source it in a folder of the test's own, which
# Wine sees, behind support/tap.sh.
#
#   answer COMMAND...    run it to its end: files out and err, without carriage returns, and $status.  Its input is
#                        $input, or nothing
#   says FILE PATTERN    whether out or err has such a line
#   begin COMMAND...     start a program that prints its process number and lives until its input ends: $id
#   end                  end its input and wait for it: its status, also in $ended
#
# A script that uses begin closes descriptor 9 in its trap.

answer () {
  "$@" >raw 2>raw-err <"${input:-/dev/null}"
  status=$?
  tr -d '\r' <raw >out
  tr -d '\r' <raw-err >err
}

says () {
  grep -q -- "$2" "$1"
}

begin () {
  rm -f in id
  mkfifo in
  "$@" <in >id 2>/dev/null &
  child=$!
  exec 9>in
  n=0
  until [ -s id ] || [ $n = 100 ]; do
    n=$((n + 1))
    sleep 0.1
  done
  id=$(tr -d '\r' <id)
}

end () {
  exec 9>&-
  wait "$child"
  ended=$?
  return "$ended"
}

explain () {
  echo "status ${status-none}"
  head -n 20 out err 2>/dev/null
}
