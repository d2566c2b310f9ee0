// The functions that all sides link: objects as LLVM's compiler makes them, a function in each.
#ifndef MIR_BENCH_LLVM_FUNCTIONS_H
#define MIR_BENCH_LLVM_FUNCTIONS_H

#include <cstddef>
#include <llvm/Support/MemoryBuffer.h>
#include <memory>
#include <string>
#include <vector>

struct functions {
  std::vector<std::string> names;
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects;
};

// Compile NUM functions.  Each has constants, a variable and frames, and calls the program.
functions compile_functions (std::size_t num);
// Put FUNCTIONS into a memory file, for another process that has the descriptor; or get them from there.
int save_functions (const functions &functions);
functions load_functions (int descriptor);
// What the function I returns for X when it is called for the first time.
int result_of_function (std::size_t i, int x);
// What the functions call.
extern "C" int function_of_program (int x);

#endif  // MIR_BENCH_LLVM_FUNCTIONS_H
