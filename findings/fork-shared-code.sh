#!/bin/sh
# A forked child changes its parent's code where code has a dual mapping over a shared file: fork copies private
# memory, and such a file stays shared.  The child gives back a function and makes another, which gets the same place;
# the parent, which has given back nothing, then runs the child's function.  asmjit does so when it is asked for dual
# mappings.  libffi has them where writable and executable memory is refused (MDWE) and nowhere else, so the same
# program is right or wrong by how it was started.
# x86-64; Linux 6.3 or newer; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack libffi8=3.4.8-2 libffi-dev=3.4.8-2 libasmjit-dev=0.0~git20231115.1da9e4d-1+b1 ;;
*) unpack libffi8=3.4.4-1 libffi-dev=3.4.4-1 libasmjit-dev=0.0~git20221210.5b5b0b3-1 ;;
esac
cat >"$work/fork.cpp" <<'C'
#include <asmjit/x86.h>
#include <ffi.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using adder = int (*) (int);

static void require (bool is_right) {
  if (!is_right) exit (3);
}

struct asmjit_code {
  asmjit::JitRuntime runtime;
  asmjit_code (const asmjit::JitAllocator::CreateParams *params) : runtime (params) {}
  adder make (int n) {
    using namespace asmjit::x86;
    asmjit::CodeHolder code;
    code.init (runtime.environment ());
    Assembler as (&code);
    as.lea (eax, ptr (rdi, n));
    as.ret ();
    adder result;
    require (runtime.add (&result, &code) == asmjit::kErrorOk);
    return result;
  }
  void give (adder f) { runtime.release (f); }
};

struct libffi_code {
  ffi_cif cif;
  ffi_type *types[1] = {&ffi_type_sint};
  void *closure; /* the latest */
  libffi_code () { require (ffi_prep_cif (&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) == FFI_OK); }
  static void add (ffi_cif *, void *result, void **args, void *n) {
    *(ffi_sarg *) result = *(int *) args[0] + (int) (intptr_t) n;
  }
  adder make (int n) {
    void *code;
    closure = ffi_closure_alloc (sizeof (ffi_closure), &code);
    require (closure != nullptr);
    require (ffi_prep_closure_loc ((ffi_closure *) closure, &cif, add, (void *) (intptr_t) n, code) == FFI_OK);
    return (adder) code;
  }
  void give (adder) { ffi_closure_free (closure); }
};

/* Print what the parent's "add 1" makes of 5 before and after a child had one of its own, "add 1000".  */
template <class T> static void test (const char *name, T &code) {
  adder add = code.make (1);
  printf ("%s: %d", name, add (5));
  fflush (stdout);
  if (fork () == 0) {
    code.give (add);
    _exit (code.make (1000) (5) != 1005);
  }
  int status;
  wait (&status);
  printf (", after a child's %s %d\n", status == 0 ? "work" : "failure", add (5));
}

int main (int argc, char **) {
  libffi_code libffi;
  if (argc > 1) {
    if (prctl (65 /* PR_SET_MDWE */, 1 /* PR_MDWE_REFUSE_EXEC_GAIN */, 0, 0, 0) != 0) return 2;
    test ("libffi, MDWE", libffi);
    return 0;
  }
  asmjit::JitAllocator::CreateParams params {};
  params.options = asmjit::JitAllocatorOptions::kUseDualMapping;
  asmjit_code plain (nullptr), dual (&params);
  test ("asmjit", plain);
  test ("asmjit, dual mapping", dual);
  test ("libffi", libffi);
}
C
c++ -w -I"$root/usr/include" -I"$root/usr/include/${libraries##*/}" -o "$work/fork" "$work/fork.cpp" \
  -L"$libraries" -lasmjit -lffi
cat >"$work/expected" <<'EOF'
asmjit: 6, after a child's work 6
asmjit, dual mapping: 6, after a child's work 1005
libffi: 6, after a child's work 6
libffi, MDWE: 6, after a child's work 1005
EOF
{
  "$work/fork"
  "$work/fork" mdwe || echo 'this kernel has no MDWE'
} | compare
