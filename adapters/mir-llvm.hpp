// Memory managers for LLVM's two linkers, JITLink and RuntimeDyld, over a code space of
// mir-code-object.h.  Needs LLVM 14 to 22, but for 17 (tested with 14.0.6, 16.0.6, 19.1.7 and
// 22.1.8), and a space with `reserve`.  docs/llvm.md has the differences between the versions.
//
//   MIR_code_options_t options = {};
//   options.size = sizeof (options);
//   options.reserve = 128 << 20;
//   MIR_code_space_t space;
//   if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) ...
//   llvm::orc::LLJITBuilder builder;
//   if (llvm::Error error = mir::use_jitlink (builder, space)) ... // or mir::use_rtdyld
//   auto jit = builder.create ();
//   ...
//   MIR_code_space_finish (space); // after the JIT has been destroyed
//
// All objects of a session lie in the range of the space, so each is in reach of all others.  The
// managers register .eh_frame sections themselves: do not add LLVM's EHFrameRegistrationPlugin.
// Native thread locals, which LLVM would link wrong, are refused; emulated ones work.
#ifndef MIR_LLVM_HPP
#define MIR_LLVM_HPP

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h>
#include <memory>
#include <utility>

#include "mir-llvm-jitlink.hpp"
#include "mir-llvm-rtdyld.hpp"

namespace mir {

// Layers that link into SPACE, which must outlive the session, for programs that make their own.
inline std::unique_ptr<llvm::orc::ObjectLayer> make_jitlink_layer (
    llvm::orc::ExecutionSession &session, MIR_code_space_t space,
    llvm_frames frames = llvm_frames::by_manager) {
  return std::make_unique<llvm::orc::ObjectLinkingLayer> (
      session, std::make_unique<jitlink_memory_manager> (space, frames));
}

inline std::unique_ptr<llvm::orc::ObjectLayer> make_rtdyld_layer (
    llvm::orc::ExecutionSession &session, MIR_code_space_t space) {
  return std::make_unique<llvm::orc::RTDyldObjectLinkingLayer> (
      session, [space] (auto &&...) { return std::make_unique<rtdyld_memory_manager> (space); });
}

// Code that reaches the rest of its space by 32-bit offsets, and all else through tables.  LLJIT takes
// the large code model otherwise, as soon as it is given a layer.
inline void use_near_code (llvm::orc::JITTargetMachineBuilder &target) {
  target.setRelocationModel (llvm::Reloc::PIC_);
  target.setCodeModel (llvm::CodeModel::Small);
}

namespace llvm_details {

template <typename make_layer>
llvm::Error use_layer (llvm::orc::LLJITBuilderState &builder, make_layer make) {
  if (!builder.JTMB) {
    auto host = llvm::orc::JITTargetMachineBuilder::detectHost ();
    if (!host) return host.takeError ();
    builder.JTMB = std::move (*host);
  }
  use_near_code (*builder.JTMB);
  builder.CreateObjectLinkingLayer = [make] (llvm::orc::ExecutionSession &session, auto &&...)
      -> llvm::Expected<std::unique_ptr<llvm::orc::ObjectLayer>> { return make (session); };
  return llvm::Error::success ();
}

}  // namespace llvm_details

// Let the JIT of BUILDER, an LLJITBuilder or LLLazyJITBuilder, link into SPACE, which must outlive the
// JIT, with the one or the other linker.
inline llvm::Error use_jitlink (llvm::orc::LLJITBuilderState &builder, MIR_code_space_t space) {
  return llvm_details::use_layer (builder, [space] (llvm::orc::ExecutionSession &session) {
    return make_jitlink_layer (session, space);
  });
}

inline llvm::Error use_rtdyld (llvm::orc::LLJITBuilderState &builder, MIR_code_space_t space) {
  return llvm_details::use_layer (builder, [space] (llvm::orc::ExecutionSession &session) {
    return make_rtdyld_layer (session, space);
  });
}

}  // namespace mir

#endif  // MIR_LLVM_HPP
