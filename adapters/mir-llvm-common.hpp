// What the memory managers of mir-llvm.hpp have in common, and the choice of LLVM's version.
#ifndef MIR_LLVM_COMMON_HPP
#define MIR_LLVM_COMMON_HPP

#include <cstddef>
#include <cstdint>
#include <llvm/Config/llvm-config.h>

#if LLVM_VERSION_MAJOR >= 21
#include "mir-llvm-21.hpp"
#elif LLVM_VERSION_MAJOR == 20
#include "mir-llvm-20.hpp"
#elif LLVM_VERSION_MAJOR >= 18
#include "mir-llvm-18.hpp"
#elif LLVM_VERSION_MAJOR == 16
#include "mir-llvm-16.hpp"
#elif LLVM_VERSION_MAJOR == 14 || LLVM_VERSION_MAJOR == 15
#include "mir-llvm-14.hpp"
#else
#error "mir-llvm.hpp is for LLVM 14, 15, 16 and 18 to 22"
#endif

#include <llvm/ADT/Twine.h>
#include <llvm/Support/Error.h>
#include <string>

#include "mir-code-object.h"

namespace mir {

namespace llvm_details {

inline llvm::Error failure (const llvm::Twine &text) {
  return llvm::make_error<llvm::StringError> (text, llvm::inconvertibleErrorCode ());
}

inline llvm::Error failure (const llvm::Twine &what, MIR_code_status_t status) {
  return failure (what + ": " + MIR_code_status_text (status));
}

inline MIR_code_segment_t make_segment (MIR_code_access_t access, std::size_t len,
                                        std::size_t alignment, unsigned flags) {
  MIR_code_segment_t segment = {};
  segment.size = sizeof (segment);
  segment.access = access;
  segment.flags = flags;
  segment.len = len;
  segment.alignment = alignment;
  return segment;
}

inline MIR_code_status_t commit (MIR_code_space_t space, MIR_code_object_t object,
                                 const std::string &name) {
  MIR_code_info_t info = {};
  info.size = sizeof (info);
  info.name = name.c_str ();
  return MIR_code_object_commit (space, object, &info);
}

// Register the LEN bytes at FRAMES for the object that holds CODE.  A program without an unwinder has
// no exceptions either, and needs no frames.
inline MIR_code_status_t add_frames (MIR_code_space_t space, const void *code, std::uint64_t frames,
                                     std::size_t len) {
  constexpr std::size_t end_mark = 4;
  if (code == nullptr || len <= end_mark) return MIR_CODE_OK;
  MIR_code_status_t status =
      MIR_code_add_frames (space, code, reinterpret_cast<const void *> (frames), len);
  return status == MIR_CODE_NO_BACKEND ? MIR_CODE_OK : status;
}

}  // namespace llvm_details

}  // namespace mir

#endif  // MIR_LLVM_COMMON_HPP
