// The names of LLVM 20 for what other versions call differently; only mir-llvm-common.hpp includes it.
#ifndef MIR_LLVM_20_HPP
#define MIR_LLVM_20_HPP

#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/Orc/Shared/MemoryFlags.h>

namespace mir::llvm_names {

using access = llvm::orc::MemProt;
using segment_group = llvm::orc::AllocGroup;

inline bool is_transient (const segment_group &group) {
  return group.getMemLifetime () == llvm::orc::MemLifetime::Finalize;
}

inline llvm::StringRef name_of (const llvm::jitlink::Symbol &symbol) {
  return *symbol.getName ();
}

// Whether an action of a graph registers its .eh_frame section: here LLVM's plugin does that in another way.
inline bool registers_frames (const llvm::orc::shared::WrapperFunctionCall &) {
  return false;
}

}  // namespace mir::llvm_names

#endif  // MIR_LLVM_20_HPP
