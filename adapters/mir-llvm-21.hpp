// The names of LLVM 21 and 22 for what earlier versions call differently; only mir-llvm-common.hpp includes it.
#ifndef MIR_LLVM_21_HPP
#define MIR_LLVM_21_HPP

#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/Orc/Shared/MemoryFlags.h>
#include <llvm/ExecutionEngine/Orc/TargetProcess/RegisterEHFrames.h>

namespace mir::llvm_names {

using access = llvm::orc::MemProt;
using segment_group = llvm::orc::AllocGroup;

inline bool is_transient (const segment_group &group) {
  return group.getMemLifetime () == llvm::orc::MemLifetime::Finalize;
}

inline llvm::StringRef name_of (const llvm::jitlink::Symbol &symbol) {
  return *symbol.getName ();
}

// Whether ACTION of a graph registers its .eh_frame section.  LLJIT adds the plugin that makes such actions to
// any layer.
inline bool registers_frames (const llvm::orc::shared::WrapperFunctionCall &action) {
  return action.getCallee ()
         == llvm::orc::ExecutorAddr::fromPtr (&llvm_orc_registerEHFrameSectionAllocAction);
}

}  // namespace mir::llvm_names

#endif  // MIR_LLVM_21_HPP
