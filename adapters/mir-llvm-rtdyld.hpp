// The memory manager for LLVM's RuntimeDyld: part of mir-llvm.hpp.
#ifndef MIR_LLVM_RTDYLD_HPP
#define MIR_LLVM_RTDYLD_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ExecutionEngine/RTDyldMemoryManager.h>
#include <llvm/ExecutionEngine/RuntimeDyld.h>
#include <llvm/Support/MathExtras.h>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "mir-llvm-common.hpp"

namespace mir {

// For one object of RTDyldObjectLinkingLayer, which takes a manager for each, or for all of an MCJIT.
// One thread at a time.  SPACE must outlive the manager.
//
// LLVM writes and relocates sections in memory that this manager keeps until finalizeMemory.  They are
// reserved together, with exact sizes, when all are known: RuntimeDyld's own sums are costly, and lack
// the global offset table.  Since LLVM ends the process when a section gets no memory, a refusal is
// reported from finalizeMemory, and until then LLVM goes on with addresses where nothing is.
class rtdyld_memory_manager final : public llvm::RTDyldMemoryManager {
 public:
  explicit rtdyld_memory_manager (MIR_code_space_t space) : space_{space} {}
  ~rtdyld_memory_manager () override;

  std::uint8_t *allocateCodeSection (std::uintptr_t size, unsigned alignment, unsigned id,
                                     llvm::StringRef) override {
    return add_section (MIR_CODE_READ_EXEC, size, alignment, id);
  }
  std::uint8_t *allocateDataSection (std::uintptr_t size, unsigned alignment, unsigned id,
                                     llvm::StringRef, bool read_only) override {
    return add_section (read_only ? MIR_CODE_READ_ONLY : MIR_CODE_READ_WRITE, size, alignment, id);
  }
  TLSSection allocateTLSSection (std::uintptr_t size, unsigned alignment, unsigned id,
                                 llvm::StringRef name) override {
    fail ("RuntimeDyld cannot link native thread-local variables (" + name
          + "); compile with emulated ones");
    return {add_section (MIR_CODE_READ_ONLY, size, alignment, id), 0};
  }

  using RTDyldMemoryManager::notifyObjectLoaded;
  void notifyObjectLoaded (llvm::RuntimeDyld &linker,
                           const llvm::object::ObjectFile &file) override;
  void registerEHFrames (std::uint8_t *, std::uint64_t address, std::size_t len) override {
    pending ().frames.push_back ({address, len});
  }
  // Frames belong to the object, and end with it.
  void deregisterEHFrames () override {}
  bool finalizeMemory (std::string *text) override;

 private:
  // A section, and a copy of it which LLVM writes.
  struct section {
    unsigned id;
    MIR_code_access_t access;
    std::size_t size, alignment, offset;  // bytes; the offset in the segment
    std::uint8_t *copy, *buffer;
  };
  struct frame_section {
    std::uint64_t address;
    std::size_t len;
  };
  enum { ACCESSES = 3 };
  struct object {
    MIR_code_object_t handle;
    MIR_code_segment_t segments[ACCESSES];  // by access
    std::string name;
    std::size_t sections_end;  // those before it are of this object, or of objects before it
  };
  // What is not published yet.
  struct unpublished {
    llvm::SmallVector<section, 8> sections;
    llvm::SmallVector<object, 1> objects;
    llvm::SmallVector<frame_section, 1> frames;
    std::string failure;  // empty: none
    std::vector<std::unique_ptr<std::uint8_t[]>> copies;
    std::size_t used = 0;  // bytes of `small_copies`, which has room for most objects
    alignas (16) std::uint8_t small_copies[1024];

    std::uint8_t *make_copy (std::size_t size, std::size_t alignment);
  };

  unpublished &pending () {
    if (pending_ == nullptr) pending_.reset (new unpublished);
    return *pending_;
  }
  void fail (const llvm::Twine &text) {
    if (pending ().failure.empty ()) pending ().failure = text.str ();
  }
  std::uint8_t *add_section (MIR_code_access_t access, std::size_t size, std::size_t alignment,
                             unsigned id);
  MIR_code_status_t reserve (llvm::MutableArrayRef<section> sections, object &o);
  void publish (object &o, llvm::ArrayRef<section> sections);
  void add_frames (const object &o);

  MIR_code_space_t space_;
  std::unique_ptr<unpublished> pending_;  // nullptr: all is published
  llvm::SmallVector<MIR_code_object_t, 1> published_;
};

inline rtdyld_memory_manager::~rtdyld_memory_manager () {
  if (pending_ != nullptr)
    for (const object &o : pending_->objects) MIR_code_object_abort (space_, o.handle);
  for (MIR_code_object_t handle : published_) (void) MIR_code_object_free_now (space_, handle);
}

// Room for SIZE bytes, or nullptr.
inline std::uint8_t *rtdyld_memory_manager::unpublished::make_copy (std::size_t size,
                                                                    std::size_t alignment) {
  std::size_t start = llvm::alignTo (used, 16);
  if (alignment <= 16 && size <= sizeof (small_copies) - start) {
    used = start + size;
    return small_copies + start;
  }
  std::unique_ptr<std::uint8_t[]> memory (new (std::nothrow) std::uint8_t[size + alignment]);
  if (memory == nullptr) return nullptr;
  auto address = reinterpret_cast<std::uintptr_t> (memory.get ());
  copies.push_back (std::move (memory));
  return reinterpret_cast<std::uint8_t *> (llvm::alignTo (address, alignment));
}

inline std::uint8_t *rtdyld_memory_manager::add_section (MIR_code_access_t access, std::size_t size,
                                                         std::size_t alignment, unsigned id) {
  // Of code, also that of the stubs which RuntimeDyld appends to it.
  if (alignment == 0 || (alignment < 16 && access == MIR_CODE_READ_EXEC)) alignment = 16;
  // LLVM places common symbols by the address that it gets here.
  std::uint8_t *copy = pending ().make_copy (size, alignment);
  if (copy != nullptr)
    pending ().sections.push_back ({id, access, size, alignment, 0, copy, nullptr});
  return copy;
}

// Reserve O for SECTIONS and set their offsets and buffers.
inline MIR_code_status_t rtdyld_memory_manager::reserve (llvm::MutableArrayRef<section> sections,
                                                         object &o) {
  for (int access = 0; access < ACCESSES; access++)
    o.segments[access] =
        llvm_details::make_segment (static_cast<MIR_code_access_t> (access), 0, 1, 0);
  for (section &s : sections) {
    MIR_code_segment_t &segment = o.segments[s.access];
    s.offset = llvm::alignTo (segment.len, s.alignment);
    segment.len = s.offset + s.size;
    if (segment.alignment < s.alignment) segment.alignment = s.alignment;
  }
  MIR_code_status_t status = MIR_code_object_reserve (space_, o.segments, ACCESSES, &o.handle);
  if (status == MIR_CODE_OK)
    for (section &s : sections) s.buffer = o.segments[s.access].buffer + s.offset;
  return status;
}

inline void rtdyld_memory_manager::notifyObjectLoaded (llvm::RuntimeDyld &linker,
                                                       const llvm::object::ObjectFile &file) {
  auto &objects = pending ().objects;
  std::size_t first = objects.empty () ? 0 : objects.back ().sections_end;
  auto sections = llvm::MutableArrayRef<section> (pending ().sections).drop_front (first);
  if (sections.empty ()) return;
  object o = {};
  o.name = file.getFileName ().str ();
  o.sections_end = first + sections.size ();
  MIR_code_status_t status = reserve (sections, o);
  if (status != MIR_CODE_OK)
    fail ("no memory for " + o.name + ": " + MIR_code_status_text (status));
  std::uint64_t nowhere = MIR_CODE_MAX_ALIGNMENT;
  for (const section &s : sections) {
    nowhere = llvm::alignTo (nowhere, s.alignment);
    linker.reassignSectionAddress (
        s.id, status != MIR_CODE_OK
                  ? nowhere
                  : reinterpret_cast<std::uintptr_t> (o.segments[s.access].addr + s.offset));
    nowhere += s.size;
  }
  objects.push_back (std::move (o));
}

inline bool rtdyld_memory_manager::finalizeMemory (std::string *text) {
  std::size_t first = 0;
  for (object &o : pending ().objects) {
    if (pending ().failure.empty ())
      publish (o,
               llvm::ArrayRef<section> (pending ().sections).slice (first, o.sections_end - first));
    first = o.sections_end;
  }
  if (!pending ().failure.empty ()) {
    if (text != nullptr) *text = pending ().failure;
    return true;
  }
  pending_.reset ();
  return false;
}

inline void rtdyld_memory_manager::publish (object &o, llvm::ArrayRef<section> sections) {
  for (const section &s : sections) std::memcpy (s.buffer, s.copy, s.size);
  MIR_code_status_t status = llvm_details::commit (space_, o.handle, o.name);
  if (status != MIR_CODE_OK)
    return fail ("cannot publish " + o.name + ": " + MIR_code_status_text (status));
  published_.push_back (std::exchange (o.handle, nullptr));
  add_frames (o);
}

inline void rtdyld_memory_manager::add_frames (const object &o) {
  const MIR_code_segment_t &code = o.segments[MIR_CODE_READ_EXEC];
  for (const frame_section &frames : pending ().frames)
    for (const MIR_code_segment_t &segment : o.segments) {
      if (frames.address - reinterpret_cast<std::uintptr_t> (segment.addr) >= segment.len) continue;
      MIR_code_status_t status = llvm_details::add_frames (
          space_, code.len != 0 ? code.addr : nullptr, frames.address, frames.len);
      if (status != MIR_CODE_OK)
        fail ("cannot register the frames of " + o.name + ": " + MIR_code_status_text (status));
    }
}

}  // namespace mir

#endif  // MIR_LLVM_RTDYLD_HPP
