// The ways to keep linked code: LLVM's memory managers, the library's, and managers that do nothing.
#ifndef MIR_BENCH_LLVM_WAYS_H
#define MIR_BENCH_LLVM_WAYS_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <llvm/ExecutionEngine/Orc/Core.h>
#include <llvm/ExecutionEngine/Orc/Layer.h>
#include <memory>
#include <utility>
#include <vector>

#include "functions.h"

// Memory of its own, for one session.
class store {
 public:
  virtual ~store () = default;
  virtual std::unique_ptr<llvm::orc::ObjectLayer> make_layer (
      llvm::orc::ExecutionSession &session) = 0;
  // What the store keeps account of: bytes of heap memory, system calls, and its range, if it has one.
  virtual std::size_t bookkeeping () const { return 0; }
  virtual std::size_t system_calls () const { return 0; }
  virtual std::pair<std::uint64_t, std::size_t> range () const { return {0, 0}; }
};

struct way {
  const char *name;
  std::unique_ptr<store> (*make) ();
};

// The first one does nothing: it is the floor.
extern const std::vector<way> jitlink_ways, rtdyld_ways;

// The bytes of all sections for which the managers that do nothing were asked.
extern std::atomic<std::size_t> content_bytes;

// A session in which the first NUM of ALL functions are linked and freed.
class session {
 public:
  session (const way &way, const functions &all, std::size_t num);
  ~session ();
  session (const session &) = delete;
  session &operator= (const session &) = delete;

  // Link and look up the functions from FIRST on, before END.  Any thread.
  void link (std::size_t first, std::size_t end);
  // Call all functions; return how many results are wrong.
  std::size_t call () const;
  // Free the functions from FIRST on, before END, each on its own, in no order.  Any thread.
  void free (std::size_t first, std::size_t end);

  const store &memory () const { return *store_; }

 private:
  const functions &all_;
  std::unique_ptr<store> store_;
  llvm::orc::ExecutionSession session_;
  llvm::orc::JITDylib &library_;
  std::unique_ptr<llvm::orc::ObjectLayer> layer_;
  std::vector<llvm::orc::ResourceTrackerSP> trackers_;
  std::vector<llvm::orc::ExecutorAddr> addresses_;
};

#endif  // MIR_BENCH_LLVM_WAYS_H
