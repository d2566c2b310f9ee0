// Compiles the functions that are linked.
#include "functions.h"

#include <cstdint>
#include <cstring>

#include <llvm/AsmParser/Parser.h>
#include <llvm/ExecutionEngine/Orc/CompileUtils.h>
#include <llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <sys/mman.h>
#include <unistd.h>

#include "adapters/mir-llvm.hpp"

using namespace llvm;

static const char source[] = R"(
@table = internal constant [4 x i32] [i32 1, i32 2, i32 3, i32 4]
@calls = internal global i32 0
declare i32 @function_of_program (i32)
define i32 @NAME (i32 %x) uwtable {
  %from_program = call i32 @function_of_program (i32 %x)
  %old = load i32, ptr @calls
  %new = add i32 %old, 1
  store volatile i32 %new, ptr @calls
  %index = and i32 %x, 3
  %place = getelementptr [4 x i32], ptr @table, i32 0, i32 %index
  %element = load i32, ptr %place
  %sum = add i32 %from_program, %element
  %sum2 = add i32 %sum, %old
  %sum3 = add i32 %sum2, NUMBER
  ret i32 %sum3
}
)";

extern "C" int function_of_program (int x) {
  return x + 1;
}

int result_of_function (std::size_t i, int x) {
  return x + 1 + (x & 3) + 1 + static_cast<int> (i);
}

static std::string name_of (std::size_t i) {
  return "function" + std::to_string (i);
}

static std::string source_of (const std::string &name, std::size_t number) {
  std::string text = source;
  text.replace (text.find ("NAME"), 4, name);
  text.replace (text.find ("NUMBER"), 6, std::to_string (number));
  return text;
}

functions compile_functions (std::size_t num) {
  InitializeNativeTarget ();
  InitializeNativeTargetAsmPrinter ();
  auto target = cantFail (orc::JITTargetMachineBuilder::detectHost ());
  mir::use_near_code (target);
  auto machine = cantFail (target.createTargetMachine ());
  orc::SimpleCompiler compiler (*machine);
  LLVMContext context;
  functions all;
  for (std::size_t i = 0; i < num; i++) {
    std::string name = name_of (i);
    SMDiagnostic diagnostic;
    auto module = parseAssemblyString (source_of (name, i), diagnostic, context);
    if (module == nullptr) report_fatal_error (diagnostic.getMessage ());
    module->setDataLayout (machine->createDataLayout ());
    module->setTargetTriple (machine->getTargetTriple ().str ());
    module->setModuleIdentifier (name);
    all.objects.push_back (cantFail (compiler (*module)));
    all.names.push_back (std::move (name));
  }
  return all;
}

// A file of objects: a length and the bytes of each, and the next length at a multiple of this.
static constexpr std::size_t OBJECT_ALIGNMENT = 16;

static void append (std::string &text, const void *bytes, std::size_t len) {
  text.append (static_cast<const char *> (bytes), len);
  text.resize (alignTo (text.size (), OBJECT_ALIGNMENT));
}

int save_functions (const functions &functions) {
  std::string text;
  for (const auto &object : functions.objects) {
    std::uint64_t len = object->getBufferSize ();
    append (text, &len, sizeof (len));
    append (text, object->getBufferStart (), len);
  }
  int file = memfd_create ("functions", 0);
  if (file < 0) report_fatal_error ("no memory file");
  for (std::size_t at = 0; at < text.size ();) {
    ssize_t n = write (file, text.data () + at, text.size () - at);
    if (n <= 0) report_fatal_error ("cannot write the functions");
    at += static_cast<std::size_t> (n);
  }
  return file;
}

functions load_functions (int descriptor) {
  functions all;
  auto end = static_cast<std::size_t> (lseek (descriptor, 0, SEEK_END));
  void *file = mmap (nullptr, end, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (file == MAP_FAILED) report_fatal_error ("no functions");
  const char *bytes = static_cast<const char *> (file);
  for (std::size_t at = 0; at < end;) {
    std::uint64_t len;
    std::memcpy (&len, bytes + at, sizeof (len));
    at += OBJECT_ALIGNMENT;
    all.names.push_back (name_of (all.names.size ()));
    all.objects.push_back (
        MemoryBuffer::getMemBuffer (StringRef (bytes + at, len), all.names.back (), false));
    at += alignTo (len, OBJECT_ALIGNMENT);
  }
  return all;
}
