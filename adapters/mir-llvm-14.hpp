// The names of LLVM 14 and 15 for what later versions call differently; only mir-llvm-common.hpp includes it.
#ifndef MIR_LLVM_14_HPP
#define MIR_LLVM_14_HPP

#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/JITLink/MemoryFlags.h>

namespace mir::llvm_names {

using access = llvm::jitlink::MemProt;
using segment_group = llvm::jitlink::AllocGroup;

inline bool is_transient (const segment_group &group) {
  return group.getMemDeallocPolicy () == llvm::jitlink::MemDeallocPolicy::Finalize;
}

inline llvm::StringRef name_of (const llvm::jitlink::Symbol &symbol) {
  return symbol.getName ();
}

// Whether an action of a graph registers its .eh_frame section: here LLVM's plugin does that in another way.
inline bool registers_frames (const llvm::orc::shared::WrapperFunctionCall &) {
  return false;
}

}  // namespace mir::llvm_names

#endif  // MIR_LLVM_14_HPP
