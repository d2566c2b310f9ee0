#!/bin/sh
# tests/real/npm.py: a registry that does not answer is found at once, once a run, without npm's own tries, and one that
# answers slowly is not taken for dead.  npm is a stand-in; the registries are on this machine.  Argument: the root of
# the sources.
set -u
. "$(dirname "$0")/../support/tap.sh"
root=$1
mkdir "$work/bin" "$work/to"
export NPM_VERDICT="$work/verdict" NPM_LOG="$work/npm.log" PYTHONDONTWRITEBYTECODE=1
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
cat >"$work/bin/npm" <<'TEXT'
#!/bin/sh
echo "$*" >>"$NPM_LOG"
case $1 in
config)
  echo "registry=$REGISTRY"
  echo "https-proxy=${PROXY-null}"
  echo "proxy=null"
  ;;
pack)
  [ -z "${BROKEN-}" ] || {
    echo 'npm error code E404' >&2
    echo 'npm error 404 Not Found - GET it' >&2
    exit 1
  }
  echo archive >"$4/$5.tgz"
  ;;
esac
TEXT
chmod +x "$work/bin/npm"
PATH=$work/bin:$PATH

# A server that answers after SECONDS, or never, with status 404, which is an answer too; prints its port.
cat >"$work/server.py" <<'TEXT'
import socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def answer(client):
    if client.recv(1000):
        time.sleep(float(sys.argv[1]))
        client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
while True:
    client, _ = listener.accept()
    threading.Thread(target=answer, args=(client,), daemon=True).start()
TEXT

explain () {
  cat "$work/out" "$work/err" "$NPM_LOG" 2>/dev/null
}

start_server () {
  python3 "$work/server.py" "$1" >"$work/port" &
  server=$!
  while [ ! -s "$work/port" ]; do sleep 0.1; done
  REGISTRY=http://127.0.0.1:$(cat "$work/port")/
  export REGISTRY
}

stop_server () {
  kill "$server"
  wait "$server" 2>/dev/null
  rm "$work/port"
}

fresh () {
  rm -f "$NPM_VERDICT" "$NPM_LOG" "$work"/to/*
}

get () {
  status=0
  python3 "$root/tests/real/npm.py" "$1" "$work/to" >"$work/out" 2>"$work/err" || status=$?
}

# How often npm was called as $1.
calls () {
  grep -c "^$1 " "$NPM_LOG" 2>/dev/null
}

# Nothing listens on a port that was in use a moment ago.
start_server 0
stop_server
dead=$REGISTRY
fresh
get a@1
[ "$status" = 77 ] && [ "$(cat "$work/err")" = "npm's registry $REGISTRY does not answer: Connection refused" ] &&
  [ "$(calls pack)" = 0 ]
result $? 'a dead registry is a reason to skip, without asking npm for the package'

get b@1
[ "$status" = 77 ] && [ "$(calls config)" = 1 ] && [ "$(calls pack)" = 0 ] &&
  [ "$(cat "$work/err")" = "npm's registry $REGISTRY does not answer: Connection refused" ]
result $? 'one probe a run'

start_server 7
fresh
get c@1
[ "$status" = 0 ] && [ "$(cat "$work/out")" = "$work/to/c@1.tgz" ]
result $? 'a registry that answers after 7 seconds is alive'
get d@1
[ "$status" = 0 ] && [ "$(calls config)" = 1 ] && [ "$(calls pack)" = 2 ]
result $? 'which is asked once a run, too'

BROKEN=yes get e@1
[ "$status" = 77 ] && [ "$(cat "$work/err")" = 'npm could not fetch e@1: Not Found - GET it' ]
result $? 'a package that is not there has npm'"'"'s own reason'

stop_server
BROKEN=yes get f@1
[ "$status" = 77 ] && grep -q 'does not answer' "$work/err"
result $? 'a registry that dies later is found when a package fails'
get g@1
[ "$status" = 77 ] && grep -q 'does not answer' "$work/err" && [ ! -e "$work/to/g@1.tgz" ]
result $? 'and then for all that follow'

fresh
REGISTRY=http://registry.invalid/ get h@1
[ "$status" = 77 ] && grep -q "^npm's registry http://registry.invalid/ does not answer: " "$work/err"
result $? 'a registry without an address'

fresh
REGISTRY=https://registry.invalid/ PROXY=$dead get i@1
[ "$status" = 77 ] && grep -q "by way of $dead, does not answer: Connection refused" "$work/err"
result $? 'a dead proxy'

fresh
start_server 0
proxy=$REGISTRY
REGISTRY=http://registry.invalid/ PROXY=$proxy get j@1
[ "$status" = 0 ]
result $? 'a proxy that answers for a registry which only it can reach'
stop_server

fresh
REGISTRY=undefined get k@1
[ "$status" = 77 ] && grep -q "does not answer" "$work/err" && ! grep -q Traceback "$work/err"
result $? 'no registry at all'

fresh
python=$(python3 -c 'import sys; print (sys.executable)')
PATH=/nonexistent "$python" "$root/tests/real/npm.py" l@1 "$work/to" >"$work/out" 2>"$work/err"
[ $? = 77 ] && [ "$(cat "$work/err")" = 'no npm, which would fetch l@1' ]
result $? 'no npm'

python3 "$root/tests/real/npm.py" >"$work/out" 2>"$work/err"
[ $? = 2 ] && [ "$(cat "$work/err")" = 'npm.py: usage: npm.py PACKAGE FOLDER' ]
result $? 'bad usage'

finish
