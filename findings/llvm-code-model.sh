#!/bin/sh
# LLVM 19 compiles other code when LLJIT is given the linking layer that it would have made itself.  On its own, LLJIT
# takes JITLink and position-independent code of the small code model.  Where a creator returns the layer, which is
# how a program brings a memory manager of its own, LLJIT leaves the models alone, and what is left is the large one
# with static relocation: code in .ltext, a 64-bit constant for every call and variable, calls through a register.
# Keeping memory within reach then gains nothing, until both models are set by hand.
# x86-64; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') 
  unpack llvm-19-dev=1:19.1.7-3+b1 libllvm19=1:19.1.7-3+b1 libz3-4=4.13.3-1 libedit2=3.1-20250104-1 \
    libbsd0=0.12.2-2 libmd0=1.1.0-2+b1 libxml2=2.12.7+dfsg+really2.9.14-2.1+deb13u3 libicu76=76.1-4
  ;;
*)
  unpack llvm-19-dev=1:19.1.7-3~deb12u1 libllvm19=1:19.1.7-3~deb12u1 libz3-4=4.8.12-3.1 libedit2=3.1-20221030-2 \
    libbsd0=0.11.7-2 libmd0=1.0.4-2 libxml2=2.9.14+dfsg-1.3~deb12u6 libicu72=72.1-3+deb12u1
  ;;
esac
cat >"$work/model.cpp" <<'C'
#include <llvm/AsmParser/Parser.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/ObjectTransformLayer.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

using namespace llvm;
using namespace llvm::orc;

static const char source[] = R"(
  @count = global i32 0
  declare i32 @abs (i32)
  define i32 @f (i32 %x) {
    %y = call i32 @abs (i32 %x)
    store i32 %y, ptr @count
    ret i32 %y
  }
)";

/* The first size is what the others are compared with: Debian's compilers differ by an instruction.  */
static void print (StringRef name, uint64_t size) {
  static const uint64_t first = size;
  outs () << ", " << name;
  if (size != first) outs () << ", larger by " << size - first << " bytes";
}

/* Print the code section of what LLJIT compiles, given a linking layer of the default kind or not.  */
static void show (const char *name, bool gives_layer, bool sets_models) {
  ExitOnError check;
  LLJITBuilder builder;
  auto target = check (JITTargetMachineBuilder::detectHost ());
  target.setCPU ("x86-64");
  if (sets_models) target.setRelocationModel (Reloc::PIC_).setCodeModel (CodeModel::Small);
  builder.setJITTargetMachineBuilder (target);
  if (gives_layer)
    builder.setObjectLinkingLayerCreator ([] (ExecutionSession &session, const Triple &) {
      return Expected<std::unique_ptr<ObjectLayer>> (std::make_unique<ObjectLinkingLayer> (session));
    });
  auto jit = check (builder.create ());
  outs () << name << ": " << (isa<ObjectLinkingLayer> (jit->getObjLinkingLayer ()) ? "JITLink" : "RuntimeDyld");
  jit->getObjTransformLayer ().setTransform ([] (std::unique_ptr<MemoryBuffer> buffer) {
    auto object = cantFail (object::ObjectFile::createObjectFile (*buffer));
    for (auto section : object->sections ())
      if (section.isText () && section.getSize () != 0)
        print (cantFail (section.getName ()), section.getSize ());
    return Expected<std::unique_ptr<MemoryBuffer>> (std::move (buffer));
  });
  auto context = std::make_unique<LLVMContext> ();
  SMDiagnostic diagnostic;
  auto module = parseAssemblyString (source, diagnostic, *context);
  check (jit->addIRModule (ThreadSafeModule (std::move (module), std::move (context))));
  auto f = check (jit->lookup ("f")).toPtr<int (int)> ();
  outs () << ", f (-5) = " << f (-5) << "\n";
}

int main () {
  InitializeNativeTarget ();
  InitializeNativeTargetAsmPrinter ();
  show ("LLJIT", false, false);
  show ("given such a layer", true, false);
  show ("and both models set", true, true);
}
C
c++ -w -I"$root/usr/include/llvm-19" -I"$root/usr/include/llvm-c-19" -o "$work/model" "$work/model.cpp" \
  -L"$root/usr/lib/llvm-19/lib" -L"$libraries" -lLLVM-19
cat >"$work/expected" <<'EOF'
LLJIT: JITLink, .text, f (-5) = 5
given such a layer: JITLink, .ltext, larger by 10 bytes, f (-5) = 5
and both models set: JITLink, .text, f (-5) = 5
EOF
"$work/model" | compare
