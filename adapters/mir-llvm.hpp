// Memory managers for LLVM's two linkers, JITLink and RuntimeDyld, over a code space of
// mir-code-object.h.  Needs LLVM 14 to 22 (tested with 14.0.6, 16.0.6, 19.1.7 and 22.1.8; 17 is not
// known) and a space with `reserve`.  docs/llvm.md has the differences between the versions.
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

#include <cstddef>
#include <cstdint>
#include <llvm/Config/llvm-config.h>

#if LLVM_VERSION_MAJOR >= 20
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

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/RTDyldMemoryManager.h>
#include <llvm/ExecutionEngine/RuntimeDyld.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/MathExtras.h>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "mir-code-object.h"

namespace mir {

//---------------- Common parts -----------------------------

// Who registers the .eh_frame sections of what JITLink links: the memory manager, or a platform of
// LLVM's, as ExecutorNativePlatform does with the ORC runtime.
enum class llvm_frames { by_manager, by_llvm };

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

inline bool allows (llvm_names::access granted, llvm_names::access asked) {
  return (static_cast<unsigned> (granted) & static_cast<unsigned> (asked)) != 0;
}

inline MIR_code_access_t access_of (llvm_names::access access) {
  if (allows (access, llvm_names::access::Exec)) return MIR_CODE_READ_EXEC;
  return allows (access, llvm_names::access::Write) ? MIR_CODE_READ_WRITE : MIR_CODE_READ_ONLY;
}

// JITLink links thread-local variables for the ORC runtime, whose platform puts functions of its own
// in place of these two.  Those of the C library would misread JITLink's descriptors.
inline bool needs_orc_runtime (llvm::jitlink::LinkGraph &graph) {
  if (graph.findSectionByName ("$__TLSINFO") == nullptr
      && graph.findSectionByName ("$__TLSDESC") == nullptr)
    return false;
  return llvm::any_of (graph.external_symbols (), [] (const llvm::jitlink::Symbol *symbol) {
    llvm::StringRef name = llvm_names::name_of (*symbol);
    return name == "__tls_get_addr" || name == "__tlsdesc_resolver";
  });
}

}  // namespace llvm_details

//---------------- JITLink -----------------------------

// Any thread.  SPACE must outlive the manager, and the manager all layers that use it.
class jitlink_memory_manager final : public llvm::jitlink::JITLinkMemoryManager {
 public:
  explicit jitlink_memory_manager (MIR_code_space_t space,
                                   llvm_frames frames = llvm_frames::by_manager)
      : space_{space}, frames_{frames} {}

  using JITLinkMemoryManager::allocate;
  using JITLinkMemoryManager::deallocate;

  void allocate (const llvm::jitlink::JITLinkDylib *, llvm::jitlink::LinkGraph &graph,
                 OnAllocatedFunction on_allocated) override {
    auto alloc = std::make_unique<in_flight> (space_, frames_, graph);
    if (llvm::Error error = alloc->reserve ())
      on_allocated (std::move (error));
    else
      on_allocated (std::move (alloc));
  }

  void deallocate (std::vector<FinalizedAlloc> allocs,
                   OnDeallocatedFunction on_deallocated) override {
    llvm::Error error = llvm::Error::success ();
    for (FinalizedAlloc &alloc : llvm::reverse (allocs))
      error = llvm::joinErrors (std::move (error), free (alloc.release ().getValue ()));
    on_deallocated (std::move (error));
  }

 private:
  using actions = std::vector<llvm::orc::shared::WrapperFunctionCall>;

  // The address of a finished allocation is the object, or one of these, marked by the lowest bit.
  struct object_with_actions {
    MIR_code_object_t object;
    actions before_free;
  };

  static llvm::Error run (actions &before_free) {
    llvm::Error error = llvm::Error::success ();
    for (; !before_free.empty (); before_free.pop_back ())
      error = llvm::joinErrors (std::move (error), before_free.back ().runWithSPSRetErrorMerged ());
    return error;
  }

  class in_flight final : public InFlightAlloc {
   public:
    in_flight (MIR_code_space_t space, llvm_frames frames, llvm::jitlink::LinkGraph &graph)
        : space_{space}, frames_{frames}, graph_{graph} {}
    ~in_flight () override { MIR_code_object_abort (space_, object_); }

    llvm::Error reserve ();
    void abandon (OnAbandonedFunction on_abandoned) override {
      MIR_code_object_abort (space_, object_);
      object_ = nullptr;
      on_abandoned (llvm::Error::success ());
    }
    // The callback ends the life of *this.
    void finalize (OnFinalizedFunction on_finalized) override { on_finalized (publish ()); }

   private:
    llvm::Error place (llvm::jitlink::BasicLayout &layout);
    llvm::Expected<FinalizedAlloc> publish ();
    llvm::Error add_frames ();
    llvm::Error run_actions (actions &before_free);

    MIR_code_space_t space_;
    llvm_frames frames_;
    llvm::jitlink::LinkGraph &graph_;
    MIR_code_object_t object_ = nullptr;  // nullptr: nothing is reserved
    const std::uint8_t *code_ = nullptr;  // nullptr: the object has no code
  };

  llvm::Error free (std::uint64_t address) {
    llvm::Error error = llvm::Error::success ();
    auto object = reinterpret_cast<MIR_code_object_t> (address);
    if ((address & 1) != 0) {
      std::unique_ptr<object_with_actions> owner (
          reinterpret_cast<object_with_actions *> (address - 1));
      object = owner->object;
      error = run (owner->before_free);
    }
    if (object == nullptr) return error;
    MIR_code_status_t status = MIR_code_object_free_now (space_, object);
    if (status == MIR_CODE_OK) return error;
    return llvm::joinErrors (std::move (error), llvm_details::failure ("cannot free code", status));
  }

  MIR_code_space_t space_;
  llvm_frames frames_;
};

inline llvm::Error jitlink_memory_manager::in_flight::reserve () {
  if (llvm_details::needs_orc_runtime (graph_))
    return llvm_details::failure (graph_.getName () + ": native thread-local variables need the ORC"
                                  " runtime; compile with emulated ones");
  llvm::jitlink::BasicLayout layout (graph_);
  for (auto &[group, segment] : layout.segments ())
    if (llvm_details::allows (group.getMemProt (), llvm_names::access::Exec)
        && llvm_details::allows (group.getMemProt (), llvm_names::access::Write))
      return llvm_details::failure (graph_.getName () + ": a section is writable and executable");
  return place (layout);
}

inline llvm::Error jitlink_memory_manager::in_flight::place (llvm::jitlink::BasicLayout &layout) {
  llvm::SmallVector<MIR_code_segment_t, 8> segments;
  for (auto &[group, segment] : layout.segments ())
    segments.push_back (llvm_details::make_segment (
        llvm_details::access_of (group.getMemProt ()), segment.ContentSize + segment.ZeroFillSize,
        segment.Alignment.value (), llvm_names::is_transient (group) ? MIR_CODE_TRANSIENT : 0));
  if (segments.empty ()) return llvm::Error::success ();
  MIR_code_status_t status =
      MIR_code_object_reserve (space_, segments.data (), segments.size (), &object_);
  if (status != MIR_CODE_OK)
    return llvm_details::failure ("no memory for " + graph_.getName (), status);
  const MIR_code_segment_t *placed = segments.data ();
  for (auto &[group, segment] : layout.segments ()) {
    segment.WorkingMem = reinterpret_cast<char *> (placed->buffer);
    segment.Addr = llvm::orc::ExecutorAddr (reinterpret_cast<std::uintptr_t> (placed->addr));
    if (placed->access == MIR_CODE_READ_EXEC && placed->flags == 0) code_ = placed->addr;
    placed++;
  }
  return layout.apply ();
}

inline llvm::Expected<llvm::jitlink::JITLinkMemoryManager::FinalizedAlloc>
jitlink_memory_manager::in_flight::publish () {
  actions before_free;
  MIR_code_object_t object = std::exchange (object_, nullptr);
  if (object != nullptr) {
    MIR_code_status_t status = llvm_details::commit (space_, object, graph_.getName ());
    if (status != MIR_CODE_OK) {
      MIR_code_object_abort (space_, object);
      return llvm_details::failure ("cannot publish " + graph_.getName (), status);
    }
  }
  llvm::Error error = add_frames ();
  if (!error) error = run_actions (before_free);
  if (error) {
    if (object != nullptr) (void) MIR_code_object_free_now (space_, object);
    return error;
  }
  if (object != nullptr) MIR_code_object_settle (space_, object);
  auto address = reinterpret_cast<std::uintptr_t> (object);
  if (!before_free.empty ()) {
    auto owner = std::make_unique<object_with_actions> ();
    *owner = {object, std::move (before_free)};
    address = reinterpret_cast<std::uintptr_t> (owner.release ()) + 1;
  }
  return FinalizedAlloc (llvm::orc::ExecutorAddr (address));
}

inline llvm::Error jitlink_memory_manager::in_flight::add_frames () {
  llvm::jitlink::Section *section = graph_.findSectionByName (".eh_frame");
  if (frames_ == llvm_frames::by_llvm || section == nullptr) return llvm::Error::success ();
  llvm::jitlink::SectionRange range (*section);
  MIR_code_status_t status =
      llvm_details::add_frames (space_, code_, range.getStart ().getValue (), range.getSize ());
  if (status == MIR_CODE_OK) return llvm::Error::success ();
  return llvm_details::failure ("cannot register the frames of " + graph_.getName (), status);
}

// Run the actions of the graph and move those for the end to BEFORE_FREE.
inline llvm::Error jitlink_memory_manager::in_flight::run_actions (actions &before_free) {
  for (auto &pair : graph_.allocActions ()) {
    if (pair.Finalize)
      if (llvm::Error error = pair.Finalize.runWithSPSRetErrorMerged ())
        return llvm::joinErrors (std::move (error), run (before_free));
    if (pair.Dealloc) before_free.push_back (std::move (pair.Dealloc));
  }
  graph_.allocActions ().clear ();
  return llvm::Error::success ();
}

//---------------- RuntimeDyld -----------------------------

// For one object of RTDyldObjectLinkingLayer, which takes a manager for each, or for all of an MCJIT.
// One thread at a time.  SPACE must outlive the manager.
//
// LLVM ends the process when a manager has no memory.  So this one then gives out other memory, where
// nothing can run, and reports the failure from finalizeMemory.
class rtdyld_memory_manager final : public llvm::RTDyldMemoryManager {
 public:
  explicit rtdyld_memory_manager (MIR_code_space_t space) : space_{space} {}
  ~rtdyld_memory_manager () override;

  // The sizes of all sections of an object come before these.
  bool needsToReserveAllocationSpace () override { return true; }
  void reserveAllocationSpace (std::uintptr_t code, llvm_names::alignment code_alignment,
                               std::uintptr_t read_only, llvm_names::alignment read_only_alignment,
                               std::uintptr_t writable,
                               llvm_names::alignment writable_alignment) override;

  std::uint8_t *allocateCodeSection (std::uintptr_t size, unsigned alignment, unsigned id,
                                     llvm::StringRef) override {
    return place (MIR_CODE_READ_EXEC, size, alignment, id);
  }
  std::uint8_t *allocateDataSection (std::uintptr_t size, unsigned alignment, unsigned id,
                                     llvm::StringRef, bool read_only) override {
    return place (read_only ? MIR_CODE_READ_ONLY : MIR_CODE_READ_WRITE, size, alignment, id);
  }
  TLSSection allocateTLSSection (std::uintptr_t size, unsigned alignment, unsigned,
                                 llvm::StringRef name) override {
    fail ("RuntimeDyld cannot link native thread-local variables (" + name
          + "); compile with emulated ones");
    return {scratch (size, alignment), 0};
  }

  using RTDyldMemoryManager::notifyObjectLoaded;
  void notifyObjectLoaded (llvm::RuntimeDyld &linker,
                           const llvm::object::ObjectFile &file) override;
  // Frames belong to the object, and end with it.
  void registerEHFrames (std::uint8_t *, std::uint64_t address, std::size_t len) override {
    frames_.push_back ({address, len});
  }
  void deregisterEHFrames () override {}
  bool finalizeMemory (std::string *text) override;

 private:
  enum { ACCESSES = 3 };
  struct part {
    MIR_code_object_t object;
    MIR_code_segment_t segments[ACCESSES];  // by access
    std::size_t used[ACCESSES];
    bool is_published;
    std::string name;
  };
  struct section {
    unsigned id;
    std::uint64_t address;
  };
  struct frame_section {
    std::uint64_t address;
    std::size_t len;
  };

  static MIR_code_segment_t segment_for (MIR_code_access_t access, std::size_t len,
                                         llvm_names::alignment alignment) {
    // RuntimeDyld appends stubs to sections, whatever their alignment.
    constexpr std::size_t of_stubs = 16;
    std::size_t al = llvm_names::in_bytes (alignment);
    return llvm_details::make_segment (access, len, al < of_stubs ? of_stubs : al, 0);
  }
  std::uint8_t *place (MIR_code_access_t access, std::size_t size, std::size_t alignment,
                       unsigned id);
  std::uint8_t *place_elsewhere (MIR_code_access_t access, std::size_t size, std::size_t alignment,
                                 unsigned id);
  std::uint8_t *scratch (std::size_t size, std::size_t alignment);
  void publish (part &p);
  void fail (const llvm::Twine &text) {
    if (failure_.empty ()) failure_ = text.str ();
  }

  MIR_code_space_t space_;
  std::string failure_;  // empty: none
  llvm::SmallVector<part, 1> parts_;
  llvm::SmallVector<section, 8> moved_;  // sections of the last part that are not at their address
  llvm::SmallVector<frame_section, 1> frames_;
  llvm::SmallVector<void *, 1> data_;
  llvm::SmallVector<std::unique_ptr<std::uint8_t[]>, 0> scratch_;
  std::uint64_t next_nowhere_ = 1 << 20;  // an address for what will never run
};

inline rtdyld_memory_manager::~rtdyld_memory_manager () {
  for (part &p : parts_)
    if (p.is_published)
      (void) MIR_code_object_free_now (space_, p.object);
    else
      MIR_code_object_abort (space_, p.object);
  for (void *data : data_) (void) MIR_code_data_free (space_, data);
}

inline void rtdyld_memory_manager::reserveAllocationSpace (
    std::uintptr_t code, llvm_names::alignment code_alignment, std::uintptr_t read_only,
    llvm_names::alignment read_only_alignment, std::uintptr_t writable,
    llvm_names::alignment writable_alignment) {
  // The global offset table is not in the sums.  One of two entries fits here, a longer one gets
  // memory of its own.
  constexpr std::size_t short_table = 16;
  part p = {};
  p.segments[MIR_CODE_READ_EXEC] = segment_for (MIR_CODE_READ_EXEC, code, code_alignment);
  p.segments[MIR_CODE_READ_ONLY] = segment_for (MIR_CODE_READ_ONLY, read_only, read_only_alignment);
  p.segments[MIR_CODE_READ_WRITE] = segment_for (
      MIR_CODE_READ_WRITE, llvm::alignTo (writable, 8) + short_table, writable_alignment);
  MIR_code_status_t status = MIR_code_object_reserve (space_, p.segments, ACCESSES, &p.object);
  if (status == MIR_CODE_OK)
    parts_.push_back (std::move (p));
  else
    fail (llvm::Twine ("no memory for an object: ") + MIR_code_status_text (status));
}

inline std::uint8_t *rtdyld_memory_manager::place (MIR_code_access_t access, std::size_t size,
                                                   std::size_t alignment, unsigned id) {
  if (alignment == 0) alignment = 16;
  if (!failure_.empty () || parts_.empty () || parts_.back ().is_published)
    return place_elsewhere (access, size, alignment, id);
  part &p = parts_.back ();
  const MIR_code_segment_t &segment = p.segments[access];
  std::size_t offset = llvm::alignTo (p.used[access], alignment);
  if (alignment > segment.alignment || offset > segment.len || size > segment.len - offset)
    return place_elsewhere (access, size, alignment, id);
  p.used[access] = offset + size;
  if (segment.buffer != segment.addr)
    moved_.push_back ({id, reinterpret_cast<std::uintptr_t> (segment.addr + offset)});
  return segment.buffer + offset;
}

// A place outside the last part: data in reach of it, or after a failure memory which only LLVM writes.
inline std::uint8_t *rtdyld_memory_manager::place_elsewhere (MIR_code_access_t access,
                                                             std::size_t size,
                                                             std::size_t alignment, unsigned id) {
  if (failure_.empty () && access == MIR_CODE_READ_WRITE) {
    void *data;
    MIR_code_status_t status = MIR_code_data_new (space_, size, alignment, &data);
    if (status == MIR_CODE_OK) {
      data_.push_back (data);
      return static_cast<std::uint8_t *> (data);
    }
    fail (llvm::Twine ("no memory for data: ") + MIR_code_status_text (status));
  }
  fail ("RuntimeDyld needs more code than it said");
  next_nowhere_ = llvm::alignTo (next_nowhere_, alignment);
  moved_.push_back ({id, next_nowhere_});
  next_nowhere_ += size;
  return scratch (size, alignment);
}

inline std::uint8_t *rtdyld_memory_manager::scratch (std::size_t size, std::size_t alignment) {
  std::unique_ptr<std::uint8_t[]> memory (new (std::nothrow) std::uint8_t[size + alignment]);
  if (memory == nullptr) return nullptr;
  auto start = llvm::alignTo (reinterpret_cast<std::uintptr_t> (memory.get ()), alignment);
  scratch_.push_back (std::move (memory));
  return reinterpret_cast<std::uint8_t *> (start);
}

inline void rtdyld_memory_manager::notifyObjectLoaded (llvm::RuntimeDyld &linker,
                                                       const llvm::object::ObjectFile &file) {
  for (const section &s : moved_) linker.reassignSectionAddress (s.id, s.address);
  moved_.clear ();
  if (!parts_.empty ()) parts_.back ().name = file.getFileName ().str ();
}

inline bool rtdyld_memory_manager::finalizeMemory (std::string *text) {
  for (part &p : parts_)
    if (failure_.empty () && !p.is_published) publish (p);
  frames_.clear ();
  if (failure_.empty ()) return false;
  if (text != nullptr) *text = failure_;
  return true;
}

inline void rtdyld_memory_manager::publish (part &p) {
  MIR_code_status_t status = llvm_details::commit (space_, p.object, p.name);
  if (status != MIR_CODE_OK)
    return fail ("cannot publish " + p.name + ": " + MIR_code_status_text (status));
  p.is_published = true;
  for (const frame_section &frames : frames_)
    for (const MIR_code_segment_t &segment : p.segments) {
      if (frames.address - reinterpret_cast<std::uintptr_t> (segment.addr) >= segment.len) continue;
      const void *code =
          p.used[MIR_CODE_READ_EXEC] != 0 ? p.segments[MIR_CODE_READ_EXEC].addr : nullptr;
      status = llvm_details::add_frames (space_, code, frames.address, frames.len);
      if (status != MIR_CODE_OK)
        fail ("cannot register the frames of " + p.name + ": " + MIR_code_status_text (status));
    }
}

//---------------- Layers -----------------------------

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
