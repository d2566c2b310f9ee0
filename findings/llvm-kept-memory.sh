#!/bin/sh
# LLVM 14's memory manager for JITLink gives no memory back when an object is removed that has nothing to run at that
# time (LLVM pull request 81943).  This program adds an object, calls it and removes it, so there is one function at a
# time, and every round takes new pages, which stay beyond the end of the JIT.  RuntimeDyld with its default manager
# gives all of it back.  JITLink of LLVM 16 does as that of 14, that of LLVM 19 gives all of it back.
# x86-64; packages of Debian 12.
. "$(dirname "$0")/unpack.sh"
unpack llvm-14-dev=1:14.0.6-12 libllvm14=1:14.0.6-12 libz3-4=4.8.12-3.1 libedit2=3.1-20221030-2 libbsd0=0.11.7-2 \
  libmd0=1.0.4-2 libxml2=2.9.14+dfsg-1.3~deb12u6 libicu72=72.1-3+deb12u1
cat >"$work/kept.cpp" <<'C'
#include <llvm/AsmParser/Parser.h>
#include <llvm/ExecutionEngine/Orc/CompileUtils.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/SectionMemoryManager.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <cstdio>

using namespace llvm;
using namespace llvm::orc;
using layer_result = Expected<std::unique_ptr<ObjectLayer>>;

enum { ROUNDS = 1000 };

static const char source[] = R"(
  @count = global i32 0
  define i32 @f (i32 %x) {
    %y = add i32 %x, 1
    store i32 %y, i32* @count
    ret i32 %y
  }
)";

/* Return how many pages of executable memory belong to no file.  */
static unsigned code_pages () {
  char line[1000], access[5];
  unsigned long start, end, inode;
  unsigned pages = 0;
  FILE *maps = fopen ("/proc/self/maps", "r");
  while (fgets (line, sizeof (line), maps) != nullptr)
    if (sscanf (line, "%lx-%lx %4s %*s %*s %lu", &start, &end, access, &inode) == 4 && inode == 0
        && access[2] == 'x' && strstr (line, "[v") == nullptr)
      pages += (end - start) / 4096;
  fclose (maps);
  return pages;
}

static void run (const char *name, LLJITBuilderState::ObjectLinkingLayerCreator create) {
  ExitOnError check;
  auto target = check (JITTargetMachineBuilder::detectHost ());
  target.setRelocationModel (Reloc::PIC_).setCodeModel (CodeModel::Small);
  LLJITBuilder builder;
  auto jit = check (builder.setJITTargetMachineBuilder (target).setObjectLinkingLayerCreator (create).create ());
  auto machine = check (target.createTargetMachine ());
  LLVMContext context;
  SMDiagnostic diagnostic;
  auto module = parseAssemblyString (source, diagnostic, context);
  module->setDataLayout (machine->createDataLayout ());
  module->setTargetTriple (machine->getTargetTriple ().str ());
  auto object = check (SimpleCompiler (*machine) (*module));
  unsigned before = code_pages (), wrong = 0;
  for (int i = 0; i < ROUNDS; i++) {
    auto tracker = jit->getMainJITDylib ().createResourceTracker ();
    check (jit->addObjectFile (tracker, MemoryBuffer::getMemBufferCopy (object->getBuffer (), "f")));
    auto f = (int (*) (int)) check (jit->lookup ("f")).getAddress ();
    wrong += f (5) != 6;
    check (tracker->remove ());
  }
  jit.reset ();
  printf ("%s: after %d rounds and the end of the JIT %u more pages of code, wrong results %u\n", name, ROUNDS,
          code_pages () - before, wrong);
}

int main () {
  InitializeNativeTarget ();
  InitializeNativeTargetAsmPrinter ();
  run ("RuntimeDyld", [] (ExecutionSession &session, const Triple &) {
    return layer_result (std::make_unique<RTDyldObjectLinkingLayer> (
      session, [] { return std::make_unique<SectionMemoryManager> (); }));
  });
  run ("JITLink", [] (ExecutionSession &session, const Triple &) {
    return layer_result (std::make_unique<ObjectLinkingLayer> (session));
  });
}
C
c++ -w -I"$root/usr/include/llvm-14" -I"$root/usr/include/llvm-c-14" -o "$work/kept" "$work/kept.cpp" \
  -L"$root/usr/lib/llvm-14/lib" -L"$libraries" -lLLVM-14
cat >"$work/expected" <<'EOF'
RuntimeDyld: after 1000 rounds and the end of the JIT 0 more pages of code, wrong results 0
JITLink: after 1000 rounds and the end of the JIT 1000 more pages of code, wrong results 0
EOF
"$work/kept" | compare
