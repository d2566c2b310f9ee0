/* A JIT of LLVM's over a code space, and what the tests do with it; hides LLVM and its versions.  */
#ifndef MIR_TESTS_ADAPTERS_LLVM_SESSION_H
#define MIR_TESTS_ADAPTERS_LLVM_SESSION_H

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "mir-code-object.h"

enum linker { JITLINK, RTDYLD };

// Whether this LLVM tells JITLink's memory manager of what is read only, and of what is writable and executable:
// 14 and 16 know code and data alone.
bool jitlink_tells_accesses ();
// What two modules return that an MCJIT has compiled, whose variables are 40 and 2; -1 if that fails.
int run_with_mcjit (MIR_code_space_t space);

class session {
 public:
  enum { LIBRARIES = 5 };
  struct object;  // what has been added

  // SPACE must outlive the session.
  session (linker with, MIR_code_space_t space);
  ~session ();
  session (const session &) = delete;
  session &operator= (const session &) = delete;

  // Add the object file NAME, without .o, to a library.  It is linked when a symbol is looked up.
  std::shared_ptr<object> add (const char *name, unsigned library = 0);
  // Add a module that LLVM compiles: int *emulated_thread_local () is the address of a variable.
  void add_thread_local ();
  // Free OBJECT.
  bool remove (const std::shared_ptr<object> &object);
  // The address of SYMBOL; nullptr if that fails, and then error () says why.
  void *find (const char *symbol, unsigned library = 0);
  template <typename type>
  type *get (const char *symbol, unsigned library = 0) {
    return reinterpret_cast<type *> (find (symbol, library));
  }
  // What has been reported since the last call.
  std::string error ();
  // Let actions count in COUNTS[0] when an object is published and in COUNTS[1] when it is freed; the
  // first one fails if COUNTS[0] is negative.  For JITLINK, before anything is added.
  void use_actions (int *counts);
  // Add LEN bytes to each object that are needed until it is published.  The same.
  void use_transient_bytes (std::size_t len);

 private:
  struct inside;
  void note (const std::string &text);

  std::mutex lock_;  // guards text_
  std::string text_;
  std::unique_ptr<inside> inside_;  // last: it reports errors to its end
};

#endif /* MIR_TESTS_ADAPTERS_LLVM_SESSION_H */
