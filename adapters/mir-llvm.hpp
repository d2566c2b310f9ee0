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

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
#include <mutex>
#include <new>
#include <string>
#include <unordered_map>
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
    auto alloc = std::make_unique<in_flight> (*this, graph);
    if (llvm::Error error = alloc->reserve ())
      on_allocated (std::move (error));
    else
      on_allocated (std::move (alloc));
  }

  void deallocate (std::vector<FinalizedAlloc> allocs,
                   OnDeallocatedFunction on_deallocated) override {
    llvm::Error error = llvm::Error::success ();
    for (FinalizedAlloc &alloc : llvm::reverse (allocs))
      error = llvm::joinErrors (
          std::move (error),
          free (reinterpret_cast<MIR_code_object_t> (alloc.release ().getValue ())));
    on_deallocated (std::move (error));
  }

 private:
  using actions = std::vector<llvm::orc::shared::WrapperFunctionCall>;

  static llvm::Error run (actions &before_free) {
    llvm::Error error = llvm::Error::success ();
    for (; !before_free.empty (); before_free.pop_back ())
      error = llvm::joinErrors (std::move (error), before_free.back ().runWithSPSRetErrorMerged ());
    return error;
  }

  class in_flight final : public InFlightAlloc {
   public:
    in_flight (jitlink_memory_manager &manager, llvm::jitlink::LinkGraph &graph)
        : manager_{manager}, graph_{graph} {}
    ~in_flight () override { MIR_code_object_abort (manager_.space_, object_); }

    llvm::Error reserve ();
    void abandon (OnAbandonedFunction on_abandoned) override {
      MIR_code_object_abort (manager_.space_, std::exchange (object_, nullptr));
      on_abandoned (llvm::Error::success ());
    }
    // The callback ends the life of *this.
    void finalize (OnFinalizedFunction on_finalized) override { on_finalized (publish ()); }

   private:
    llvm::Error place (llvm::jitlink::BasicLayout &layout);
    llvm::Expected<FinalizedAlloc> publish ();
    llvm::Error add_frames ();
    llvm::Error run_actions (actions &before_free);

    jitlink_memory_manager &manager_;
    llvm::jitlink::LinkGraph &graph_;
    MIR_code_object_t object_ = nullptr;  // nullptr: nothing is reserved, or all is published
    const std::uint8_t *code_ = nullptr;  // nullptr: the object has no code
  };

  // Few objects have actions, so that freeing one of the others takes no lock.
  void keep (MIR_code_object_t object, actions before_free) {
    std::lock_guard<std::mutex> guard (lock_);
    kept_.emplace (object, std::move (before_free));
    num_kept_.fetch_add (1, std::memory_order_relaxed);
  }
  actions take_kept (MIR_code_object_t object) {
    if (num_kept_.load (std::memory_order_relaxed) == 0) return {};
    std::lock_guard<std::mutex> guard (lock_);
    auto found = kept_.find (object);
    if (found == kept_.end ()) return {};
    actions before_free = std::move (found->second);
    kept_.erase (found);
    num_kept_.fetch_sub (1, std::memory_order_relaxed);
    return before_free;
  }

  llvm::Error free (MIR_code_object_t object) {
    actions before_free = take_kept (object);
    llvm::Error error = run (before_free);
    MIR_code_status_t status = MIR_code_object_free_now (space_, object);
    if (status == MIR_CODE_OK) return error;
    return llvm::joinErrors (std::move (error), llvm_details::failure ("cannot free code", status));
  }

  MIR_code_space_t space_;
  llvm_frames frames_;
  std::mutex lock_;
  std::unordered_map<MIR_code_object_t, actions> kept_;
  std::atomic<std::size_t> num_kept_{0};
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
  // The handle of an empty object is the address of an empty allocation.
  if (segments.empty ())
    segments.push_back (llvm_details::make_segment (MIR_CODE_READ_ONLY, 0, 1, 0));
  MIR_code_status_t status =
      MIR_code_object_reserve (manager_.space_, segments.data (), segments.size (), &object_);
  if (status != MIR_CODE_OK)
    return llvm_details::failure ("no memory for " + graph_.getName (), status);
  const MIR_code_segment_t *placed = segments.begin ();
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
  MIR_code_status_t status = llvm_details::commit (manager_.space_, object_, graph_.getName ());
  if (status != MIR_CODE_OK)
    return llvm_details::failure ("cannot publish " + graph_.getName (), status);
  MIR_code_object_t object = std::exchange (object_, nullptr);
  actions before_free;
  llvm::Error error = add_frames ();
  if (!error) error = run_actions (before_free);
  if (error) {
    (void) MIR_code_object_free_now (manager_.space_, object);
    return error;
  }
  MIR_code_object_settle (manager_.space_, object);
  if (!before_free.empty ()) manager_.keep (object, std::move (before_free));
  return FinalizedAlloc (llvm::orc::ExecutorAddr (reinterpret_cast<std::uintptr_t> (object)));
}

inline llvm::Error jitlink_memory_manager::in_flight::add_frames () {
  llvm::jitlink::Section *section = graph_.findSectionByName (".eh_frame");
  if (manager_.frames_ == llvm_frames::by_llvm || section == nullptr)
    return llvm::Error::success ();
  llvm::jitlink::SectionRange range (*section);
  MIR_code_status_t status = llvm_details::add_frames (
      manager_.space_, code_, range.getStart ().getValue (), range.getSize ());
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
