// Compiles the functions that are linked.
#include "functions.h"

#include <llvm/AsmParser/Parser.h>
#include <llvm/ExecutionEngine/Orc/CompileUtils.h>
#include <llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>

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
    std::string name = "function" + std::to_string (i);
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
