#!/bin/sh
# tests/support/get-debian and in-debian: how debootstrap is called and what is said without it; what a command sees in
# a system made of one shell, and that no mount is left.  Argument: the root of the sources.
set -u
. "$(dirname "$0")/../support/tap.sh"
support=$1/tests/support
[ "$(id -u)" = 0 ] || skip_all 'only root makes a Debian'
unshare -m true 2>/dev/null || skip_all 'mount namespaces are not allowed here'
mkdir "$work/bin"

explain () {
  cat "$work/said" "$work/err" 2>/dev/null
}

# A stand-in for command $1 that runs the script $2.
stand_in () {
  printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}

get () {
  status=0
  PATH=$work/bin:$PATH "$support/get-debian" "$@" >"$work/said" 2>"$work/err" || status=$?
}

stand_in apt-get 'echo http://mirror.invalid/debian; echo http://mirror.invalid/debian-security'
stand_in debootstrap 'echo "$@" >&2; mkdir -p "$4"/etc'
get trixie "$work/made" 1 --arch=amd64
[ "$status" = 0 ] && [ ! -s "$work/said" ] && [ -d "$work/made/debian/etc" ] &&
  [ "$(cat "$work/made/log")" = "--variant=minbase --arch=amd64 trixie $work/made/debian http://mirror.invalid/debian /usr/share/debootstrap/scripts/trixie" ]
result $? "a Debian from the mirror of this system's apt"

touch "$work/made/kept" "$work/made/debian/gone"
stand_in debootstrap 'echo "$@" >&2'
get younger "$work/made" 1
[ "$status" = 0 ] && [ -e "$work/made/kept" ] && [ ! -e "$work/made/debian/gone" ] &&
  grep -qx -- "--variant=minbase younger $work/made/debian http://mirror.invalid/debian /usr/share/debootstrap/scripts/sid" "$work/made/log"
result $? 'made anew, of a suite that debootstrap does not know'

stand_in apt-get 'exit 1'
get trixie "$work/made" 1
[ "$status" = 0 ] && grep -qx -- "--variant=minbase trixie $work/made/debian" "$work/made/log"
result $? "where apt names no mirror, from debootstrap's own"

stand_in debootstrap 'echo E: no such suite; exit 1'
get buster "$work/failed" 1
[ "$status" = 77 ] && [ "$(tail -n 1 "$work/said")" = 'no Debian buster: debootstrap failed' ] && has_line 'E: no such suite' "$work/said"
result $? 'what debootstrap says when it fails'

get trixie "$work/large" 999000000
[ "$status" = 77 ] && [ "$(cat "$work/said")" = "no Debian trixie: less than 999000 GB are free beside $work/large" ] &&
  [ ! -e "$work/large/debian" ]
result $? 'too little room'

# A system with a shell, cat and ls.
system=$work/small/debian
mkdir -p "$system/proc" "$system/sys" "$system/dev" "$system/etc" "$system/bin" "$work/folder/deep"
for command in sh cat ls; do
  file=$(command -v $command)
  for needed in "$(readlink -f "$file")" $(ldd "$file" | grep -o '/[^ ]*'); do
    mkdir -p "$system${needed%/*}"
    cp -L "$needed" "$system$needed"
  done
  ln -sf "$(readlink -f "$file")" "$system/bin/$command"
done
echo inside >"$system/marker"
ln -s "$work/outside" "$system/etc/resolv.conf"
echo untouched >"$work/outside"

enter () {
  status=0
  "$support/in-debian" "$work/small" "$@" >"$work/said" 2>"$work/err" || status=$?
}

enter -- sh -c 'cat /marker; pwd; exit 3'
[ "$status" = 3 ] && [ "$(cat "$work/said")" = 'inside
/' ]
result $? "a command's system and its status"

cd "$work/folder/deep" || exit 1
enter "$work/folder" -- sh -c 'pwd; echo written >file'
cd /
[ "$status" = 0 ] && [ "$(cat "$work/said")" = "$work/folder/deep" ] && [ "$(cat "$work/folder/deep/file")" = written ]
result $? 'a shared folder, where the command starts'

enter -- sh -c 'ls /proc/self/fd /sys >/proc/self/fd/2 && [ -c /dev/null ] && cat /etc/resolv.conf'
[ "$status" = 0 ] && { [ ! -f /etc/resolv.conf ] || cmp -s "$work/said" /etc/resolv.conf; } &&
  [ "$(cat "$work/outside")" = untouched ]
result $? 'proc, sys, dev and the name servers, without a way out by a link'

TMPDIR=$work enter -- sh -c 'echo "${TMPDIR-unset} $PATH"'
[ "$(cat "$work/said")" = 'unset /usr/sbin:/usr/bin:/sbin:/bin' ]
result $? 'no folder for temporary files, and no paths, of the caller'

! grep -q "$work" /proc/mounts && [ -z "$(ls "$system/proc")" ]
result $? 'no mount is left'

# As .ci/debian.sh starts it: the end of unshare ends all.
unshare --pid --fork --kill-child "$support/in-debian" "$work/small" "$work/folder" -- \
  sh -c 'echo $$ >"$1"; while :; do ls / >/dev/null; done' sh "$work/folder/started" &
outer=$!
while [ ! -s "$work/folder/started" ]; do sleep 0.1; done
kill -KILL $outer
wait $outer 2>/dev/null
sleep 1
! grep -l "$work/small" /proc/[0-9]*/mounts 2>/dev/null | grep -q . && [ "$(cat "$work/folder/started")" = 1 ]
result $? 'a run that is killed leaves neither process nor mount'

finish
