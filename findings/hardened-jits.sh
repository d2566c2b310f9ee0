#!/bin/sh
# Runtimes with a JIT under two restrictions of hardened Linux: MDWE, after which no mapping may become executable
# (prctl (PR_SET_MDWE)), and a seccomp filter that refuses memfd_create.  Under MDWE some end and some go on
# interpreting.  Refusing memfd_create with EPERM makes Erlang, which has no writable and executable memory otherwise,
# take such memory without a word; with ENOSYS it takes a file in /dev/shm.  libffi has its closures in writable and
# executable memory, and uses a dual mapping only where that is refused.  docs/hardened-linux.md has more runtimes.
# x86-64; Linux 6.3 or newer; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13')
  unpack luajit=2.1.0+openresty20250117-2 libluajit-5.1-2=2.1.0+openresty20250117-2 \
    libluajit-5.1-common=2.1.0+openresty20250117-2 pcre2-utils=10.46-1~deb13u3 libpcre2-8-0=10.46-1~deb13u3 \
    libpcre2-16-0=10.46-1~deb13u3 libpcre2-32-0=10.46-1~deb13u3 libpcre2-posix3=10.46-1~deb13u3 \
    tcc=0.9.27+git20200814.62c30a4a-2 sbcl=2:2.5.2-1 qemu-user=1:10.0.13+ds-0+deb13u1 \
    erlang-base=1:27.3.4.1+dfsg-1+deb13u4 libffi8=3.4.8-2 libffi-dev=3.4.8-2
  ;;
*)
  unpack luajit=2.1.0~beta3+git20220320+dfsg-4.1+deb12u1 libluajit-5.1-2=2.1.0~beta3+git20220320+dfsg-4.1+deb12u1 \
    libluajit-5.1-common=2.1.0~beta3+git20220320+dfsg-4.1+deb12u1 pcre2-utils=10.42-1+deb12u2 \
    libpcre2-8-0=10.42-1+deb12u2 libpcre2-16-0=10.42-1+deb12u2 libpcre2-32-0=10.42-1+deb12u2 \
    libpcre2-posix3=10.42-1+deb12u2 tcc=0.9.27+git20200814.62c30a4a-1 sbcl=2:2.2.9-1 \
    qemu-user=1:7.2+dfsg-7+deb12u18+b3 erlang-base=1:25.2.3+dfsg-1+deb12u4 libffi8=3.4.4-1 libffi-dev=3.4.4-1
  ;;
esac
cd "$work"

cat >restrict.c <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refuse_memfd (unsigned error) {
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof (filter) / sizeof (filter[0]), filter};
  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* restrict [mdwe] [EPERM] [ENOSYS] -- COMMAND [ARGUMENT...]; an error is what memfd_create is to answer.  */
int main (int argc, char **argv) {
  int failed = 0;
  (void) argc;
  for (argv++; strcmp (*argv, "--") != 0; argv++)
    if (strcmp (*argv, "mdwe") == 0)
      failed |= prctl (65 /* PR_SET_MDWE */, 1 /* PR_MDWE_REFUSE_EXEC_GAIN */, 0, 0, 0);
    else
      failed |= refuse_memfd (strcmp (*argv, "EPERM") == 0 ? EPERM : ENOSYS);
  if (failed) return perror ("restrict"), 125;
  execvp (argv[1], argv + 1);
  return perror (argv[1]), 127;
}
C
cat >closure.c <<'C'
#include <ffi.h>
#include <stdio.h>

static void add_one (ffi_cif *cif, void *result, void **args, void *data) {
  (void) cif;
  (void) data;
  *(ffi_sarg *) result = *(int *) args[0] + 1;
}

int main (void) {
  ffi_cif cif;
  ffi_type *types[] = {&ffi_type_sint};
  void *code;
  ffi_closure *closure = ffi_closure_alloc (sizeof (*closure), &code);
  char line[1000];
  if (closure == NULL || ffi_prep_cif (&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK) return 1;
  if (ffi_prep_closure_loc (closure, &cif, add_one, NULL, code) != FFI_OK) return 1;
  if (((int (*) (int)) code) (41) != 42) return 1;
  FILE *maps = fopen ("/proc/self/maps", "r");
  while (fgets (line, sizeof (line), maps) != NULL)
    fputs (line, stdout);
}
C
cat >hello.c <<'C'
#include <stdio.h>
int main (void) {
  puts ("hello");
}
C
cat >hot.lua <<'LUA'
local sum = 0
for i = 1, 1000000 do sum = sum + i % 7 end
print (require "jit.util".traceinfo (1) and "compiled" or "interpreted")
LUA
printf '/(a+)b/jitverify\n    aaab\n' >pattern
cat >maps.erl <<'ERL'
io:format ("~p~n", [erlang:system_info (emu_flavor)]),
{ok, Maps} = file:open ("/proc/self/maps", [read]),
Copy = fun (Self) ->
  case file:read_line (Maps) of
    {ok, Line} -> io:put_chars (Line), Self (Self);
    eof -> halt ()
  end
end,
Copy (Copy).
ERL
cc -o restrict restrict.c
cc -static -o hello hello.c
cc -I"$root/usr/include/${libraries##*/}" -o closure closure.c -L"$libraries" -lffi
./restrict mdwe -- true || {
  echo "${0##*/}: this kernel has no MDWE" >&2
  exit 2
}

# Print the kinds of code memory in standard input, a list like /proc/PID/maps, and copy other lines.
code_memory () {
  awk '
    $2 !~ /^[r-][w-][x-][ps]$/ { print; next }
    $2 ~ /^rw-s/ { writable[$4 " " $5] = 1 }
    $2 ~ /^rwx/ { kinds["writable and executable memory"] }
    $2 ~ /^r-xs/ {
      executable[$4 " " $5] = $6 ~ /^.memfd:/ ? "memory file" : $6 ~ "^/dev/shm/" ? "file in /dev/shm" : "file"
    }
    END {
      for (file in executable)
        kinds["a " executable[file] ", mapped " (file in writable ? "twice" : "once")]
      for (kind in kinds) print kind
    }'
}

# Print what PROGRAM does under the restrictions that follow: its first line, or the memory its code is in.
try () {
  program=$1
  shift
  set -- ./restrict "$@" --
  case $program in
  LuaJIT) set -- "$@" luajit hot.lua ;;
  'LuaJIT -joff') set -- "$@" luajit -joff hot.lua ;;
  PCRE2) set -- "$@" pcre2test -q pattern ;;
  tcc) set -- "$@" tcc -B"$libraries/tcc" -run hello.c ;;
  SBCL) set -- "$@" sbcl --core "$root/usr/lib/sbcl/sbcl.core" --noinform --no-sysinit --no-userinit --eval \
    '(progn (princ (funcall (compile nil (quote (lambda (x) (* x 2)))) 21)) (terpri) (exit))' ;;
  qemu-user) set -- "$@" qemu-x86_64 ./hello ;;
  libffi) set -- "$@" ./closure ;;
  Erlang) set -- "$@" "$BINDIR/erlexec" -noshell -eval "$(cat maps.erl)" ;;
  esac
  status=0
  "$@" >seen-program 2>&1 </dev/null || status=$?
  case $program in
  PCRE2) sed -n 's/^ 0: //p' seen-program ;;
  libffi | Erlang) code_memory <seen-program ;;
  *) head -n 1 seen-program ;;
  esac >seen-lines
  [ "$status" = 0 ] || echo "exit $status" >>seen-lines
  paste -sd ';' seen-lines | sed 's/;/; /g'
}

# Print what PROGRAM... do without restrictions and under MDWE.
try_mdwe () {
  for program in "$@"; do
    printf '%s: ' "$program"
    try "$program"
    printf '%s, MDWE: ' "$program"
    try "$program" mdwe
  done
}

# The same, and with memfd_create refused.
try_memfd () {
  try_mdwe "$1"
  for error in EPERM ENOSYS; do
    printf '%s, no memfd_create (%s): ' "$1" "$error"
    try "$1" "$error"
  done
}

cat >expected <<'EOF'
LuaJIT: compiled
LuaJIT, MDWE: PANIC: unprotected error in call to Lua API (runtime code generation failed, restricted kernel?); exit 1
LuaJIT -joff: interpreted
LuaJIT -joff, MDWE: interpreted
PCRE2: aaab (JIT)
PCRE2, MDWE: aaab
tcc: hello
tcc, MDWE: tcc: error: mprotect failed: did you mean to configure --with-selinux?; exit 1
SBCL: 42
SBCL, MDWE: mmap: Permission denied; exit 1
qemu-user: hello
qemu-user, MDWE: qemu-x86_64: qemu_mprotect__osdep: mprotect failed: Permission denied; exit 1
Erlang: jit; a memory file, mapped twice
Erlang, MDWE: jit; a memory file, mapped twice
Erlang, no memfd_create (EPERM): jit; writable and executable memory
Erlang, no memfd_create (ENOSYS): jit; a file in /dev/shm, mapped twice
libffi: writable and executable memory
libffi, MDWE: a memory file, mapped twice
libffi, no memfd_create (EPERM): writable and executable memory
libffi, no memfd_create (ENOSYS): writable and executable memory
EOF
export ROOTDIR="$root/usr/lib/erlang" EMU=beam PROGNAME=erl
BINDIR=$(echo "$ROOTDIR"/erts-*/bin)
export BINDIR
{
  try_mdwe LuaJIT 'LuaJIT -joff' PCRE2 tcc SBCL qemu-user
  try_memfd Erlang
  try_memfd libffi
} | compare
