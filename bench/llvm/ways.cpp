// The memory managers that are compared, and sessions with them.
#include "ways.h"

#include <llvm/ExecutionEngine/JITLink/EHFrameSupport.h>
#include <llvm/ExecutionEngine/Orc/ExecutorProcessControl.h>
#include <llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/Orc/MemoryMapper.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/SectionMemoryManager.h>
#include <atomic>
#include <sys/mman.h>

#include "adapters/mir-llvm.hpp"

using namespace llvm;

static const ExitOnError check ("bench-llvm: ");

/*---------------- Doing nothing -----------------------------*/

// A pointer that moves on in writable and executable memory.
class bump {
 public:
  bump ()
      : start_{static_cast<char *> (mmap (nullptr, LEN, PROT_READ | PROT_WRITE | PROT_EXEC,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))} {
    if (start_ == MAP_FAILED) report_fatal_error ("no memory");
  }
  ~bump () { munmap (start_, LEN); }

  char *take (std::size_t size, std::size_t alignment) {
    alignment = std::max<std::size_t> (alignment, 16);
    std::size_t room = size + alignment - 16;  // all is a multiple of 16
    std::size_t at = used_.fetch_add (alignTo (room, 16));
    if (at + room > LEN) report_fatal_error ("no memory");
    content_bytes += size;
    return start_ + alignTo (at, alignment);
  }

 private:
  static constexpr std::size_t LEN = 256 << 20;
  char *start_;
  std::atomic<std::size_t> used_{0};
};

std::atomic<std::size_t> content_bytes;

class nothing_jitlink : public jitlink::JITLinkMemoryManager {
 public:
  explicit nothing_jitlink (bump &memory) : memory_{memory} {}

  void allocate (const jitlink::JITLinkDylib *, jitlink::LinkGraph &graph,
                 OnAllocatedFunction on_allocated) override {
    jitlink::BasicLayout layout (graph);
    for (auto &[group, segment] : layout.segments ()) {
      segment.WorkingMem =
          memory_.take (segment.ContentSize + segment.ZeroFillSize, segment.Alignment.value ());
      segment.Addr = orc::ExecutorAddr::fromPtr (segment.WorkingMem);
    }
    if (Error error = layout.apply ())
      on_allocated (std::move (error));
    else
      on_allocated (std::make_unique<in_flight> ());
  }
  void deallocate (std::vector<FinalizedAlloc> allocs, OnDeallocatedFunction done) override {
    for (auto &alloc : allocs) alloc.release ();
    done (Error::success ());
  }

 private:
  class in_flight : public InFlightAlloc {
    void abandon (OnAbandonedFunction done) override { done (Error::success ()); }
    void finalize (OnFinalizedFunction done) override {
      done (FinalizedAlloc (orc::ExecutorAddr (16)));
    }
  };
  bump &memory_;
};

class nothing_rtdyld : public RTDyldMemoryManager {
 public:
  explicit nothing_rtdyld (bump &memory) : memory_{memory} {}
  uint8_t *allocateCodeSection (uintptr_t size, unsigned alignment, unsigned, StringRef) override {
    return reinterpret_cast<uint8_t *> (memory_.take (size, alignment));
  }
  uint8_t *allocateDataSection (uintptr_t size, unsigned alignment, unsigned, StringRef,
                                bool) override {
    return reinterpret_cast<uint8_t *> (memory_.take (size, alignment));
  }
  bool finalizeMemory (std::string *) override { return false; }

 private:
  bump &memory_;
};

/*---------------- Stores -----------------------------*/

static std::unique_ptr<orc::ObjectLayer> jitlink_layer (
    orc::ExecutionSession &session, std::unique_ptr<jitlink::JITLinkMemoryManager> manager) {
  auto layer = std::make_unique<orc::ObjectLinkingLayer> (session, std::move (manager));
  layer->addPlugin (std::make_unique<orc::EHFrameRegistrationPlugin> (
      session, std::make_unique<jitlink::InProcessEHFrameRegistrar> ()));
  return layer;
}

class nothing_jitlink_store : public store {
 public:
  std::unique_ptr<orc::ObjectLayer> make_layer (orc::ExecutionSession &session) override {
    return jitlink_layer (session, std::make_unique<nothing_jitlink> (memory_));
  }

 private:
  bump memory_;
};

class nothing_rtdyld_store : public store {
 public:
  std::unique_ptr<orc::ObjectLayer> make_layer (orc::ExecutionSession &session) override {
    return std::make_unique<orc::RTDyldObjectLinkingLayer> (
        session, [this] { return std::make_unique<nothing_rtdyld> (memory_); });
  }

 private:
  bump memory_;
};

class in_process_store : public store {
  std::unique_ptr<orc::ObjectLayer> make_layer (orc::ExecutionSession &session) override {
    return jitlink_layer (session, check (jitlink::InProcessMemoryManager::Create ()));
  }
};

class mapper_store : public store {
  std::unique_ptr<orc::ObjectLayer> make_layer (orc::ExecutionSession &session) override {
    using manager = orc::MapperJITLinkMemoryManager;
    return jitlink_layer (session,
                          check (manager::CreateWithMapper<orc::InProcessMemoryMapper> (SLAB)));
  }
  static constexpr std::size_t SLAB = 64 << 20;
};

class section_store : public store {
  std::unique_ptr<orc::ObjectLayer> make_layer (orc::ExecutionSession &session) override {
    return std::make_unique<orc::RTDyldObjectLinkingLayer> (
        session, [] { return std::make_unique<SectionMemoryManager> (); });
  }
};

enum linker { JITLINK, JITLINK_WITH_FRAMES_OF_LLVM, RTDYLD };

template <linker with>
class mir_store : public store {
 public:
  mir_store () {
    MIR_code_options_t options = {};
    options.size = sizeof (options);
    options.reserve = 256 << 20;
    if (MIR_code_space_create (&options, &space_) != MIR_CODE_OK) report_fatal_error ("no space");
  }
  ~mir_store () override { MIR_code_space_finish (space_); }

  std::unique_ptr<orc::ObjectLayer> make_layer (orc::ExecutionSession &session) override {
    if (with == JITLINK) return mir::make_jitlink_layer (session, space_);
    if (with == RTDYLD) return mir::make_rtdyld_layer (session, space_);
    return jitlink_layer (
        session, std::make_unique<mir::jitlink_memory_manager> (space_, mir::llvm_frames::by_llvm));
  }
  std::size_t bookkeeping () const override { return stats ().bookkeeping_bytes; }
  std::size_t system_calls () const override { return stats ().system_calls; }
  std::pair<std::uint64_t, std::size_t> range () const override {
    std::uint8_t *start;
    std::size_t len;
    MIR_code_range (space_, &start, &len);
    return {reinterpret_cast<std::uintptr_t> (start), len};
  }

 private:
  MIR_code_stats_t stats () const {
    MIR_code_stats_t stats = {};
    stats.size = sizeof (stats);
    MIR_code_get_stats (space_, &stats);
    return stats;
  }

  MIR_code_space_t space_;
};

template <typename kind>
static std::unique_ptr<store> make () {
  return std::make_unique<kind> ();
}

const std::vector<way> jitlink_ways = {
    {"nothing", make<nothing_jitlink_store>},
    {"InProcessMemoryManager", make<in_process_store>},
    {"MapperJITLinkMemoryManager", make<mapper_store>},
    {"mir::jitlink_memory_manager", make<mir_store<JITLINK>>},
    {"the same, frames by LLVM", make<mir_store<JITLINK_WITH_FRAMES_OF_LLVM>>}};
const std::vector<way> rtdyld_ways = {{"nothing", make<nothing_rtdyld_store>},
                                      {"SectionMemoryManager", make<section_store>},
                                      {"mir::rtdyld_memory_manager", make<mir_store<RTDYLD>>}};

/*---------------- Sessions -----------------------------*/

session::session (const way &way, const functions &all, std::size_t num)
    : all_{all},
      store_{way.make ()},
      session_{check (orc::SelfExecutorProcessControl::Create ())},
      library_{session_.createBareJITDylib ("functions")},
      layer_{store_->make_layer (session_)},
      trackers_ (num),
      addresses_ (num) {
  check (library_.define (
      orc::absoluteSymbols ({{session_.intern ("function_of_program"),
                              {orc::ExecutorAddr::fromPtr (&function_of_program),
                               JITSymbolFlags::Exported | JITSymbolFlags::Callable}}})));
}

session::~session () {
  trackers_.clear ();
  check (session_.endSession ());
}

void session::link (std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; i++) {
    trackers_[i] = library_.createResourceTracker ();
    check (layer_->add (trackers_[i],
                        MemoryBuffer::getMemBuffer (all_.objects[i]->getMemBufferRef (), false)));
    addresses_[i] = check (session_.lookup ({&library_}, all_.names[i])).getAddress ();
  }
}

std::size_t session::call () const {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < addresses_.size (); i++)
    wrong += addresses_[i].toPtr<int (int)> () (3) != result_of_function (i, 3);
  return wrong;
}

void session::free (std::size_t first, std::size_t end) {
  constexpr std::size_t prime = 7919;  // and no number of functions is a multiple of it
  std::size_t num = end - first;
  for (std::size_t i = 0; i < num; i++) check (trackers_[first + i * prime % num]->remove ());
}
