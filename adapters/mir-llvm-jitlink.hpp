// The memory manager for LLVM's JITLink: part of mir-llvm.hpp.
#ifndef MIR_LLVM_JITLINK_HPP
#define MIR_LLVM_JITLINK_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mir-llvm-common.hpp"

namespace mir {

// Who registers the .eh_frame sections of what JITLink links: the memory manager, or LLVM's
// EHFrameRegistrationPlugin.  The ORC runtime needs the latter: it registers frames of its own in
// between, and libgcc up to GCC 12 finds nothing behind them but what has been registered like them.
enum class llvm_frames { by_manager, by_llvm };

namespace llvm_details {

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
    // The manager has registered the frames itself; twice would be once too often for libgcc.
    if (manager_.frames_ == llvm_frames::by_manager && pair.Finalize
        && llvm_names::registers_frames (pair.Finalize))
      continue;
    if (pair.Finalize)
      if (llvm::Error error = pair.Finalize.runWithSPSRetErrorMerged ())
        return llvm::joinErrors (std::move (error), run (before_free));
    if (pair.Dealloc) before_free.push_back (std::move (pair.Dealloc));
  }
  graph_.allocActions ().clear ();
  return llvm::Error::success ();
}

}  // namespace mir

#endif  // MIR_LLVM_JITLINK_HPP
