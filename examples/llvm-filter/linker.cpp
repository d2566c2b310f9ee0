// Links object files by ORC's LLJIT, in memory of a code space or of LLVM's own manager.
#include "linker.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include "adapters/mir-llvm.hpp"

using namespace llvm;
using namespace llvm::orc;

// A unit has a library of its own, so that its names clash with no others.
struct linker_unit {
  JITDylib &library;
  ResourceTrackerSP tracker;  // null: the unit is idle
};

struct linker {
  MIR_code_space_t space = nullptr;
  std::unique_ptr<LLJIT> jit;
  std::vector<std::unique_ptr<linker_unit>> units;
  std::vector<linker_unit *> idle;  // has room for all units
  std::string message;

  ~linker () {
    units.clear ();
    jit.reset ();  // gives the memory of all units back
    MIR_code_space_finish (space);
  }
};

namespace {

/*---------------- Messages -----------------------------*/

// LLVM tells the reason to the reporter of the session, and then the caller that something failed: the
// first message counts.
int fail_with (linker &l, Error error) {
  std::string message = toString (std::move (error));
  for (char &c : message)
    if (c == '\n') c = ' ';
  if (l.message.empty ()) l.message = std::move (message);
  return -1;
}

void report_errors_to (linker &l) {
  l.jit->getExecutionSession ().setErrorReporter (
      [&l] (Error error) { fail_with (l, std::move (error)); });
}

/*---------------- Our manager -----------------------------*/

// All of a unit must be near the rest of it, so the space has a range.
Error use_space (linker &l, const linker_options &options, LLJITBuilder &builder) {
  MIR_code_options_t o = {};
  o.size = sizeof (o);
  o.alloc = options.alloc;
  o.reserve = size_t (64) << 20;
  o.max_bytes = options.max_bytes;
  o.poison = MIR_CODE_POISON_ALL;  // stops a thread that runs what is freed
  MIR_code_status_t status = MIR_code_space_create (&o, &l.space);
  if (status == MIR_CODE_OK) return mir::use_jitlink (builder, l.space);
  return make_error<StringError> (MIR_code_status_text (status), inconvertibleErrorCode ());
}

}  // namespace

/*---------------- The linker -----------------------------*/

int linker_create (struct linker **result, const struct linker_options *options) {
  linker &l = *(*result = new linker);
  LLJITBuilder builder;
  builder.setPlatformSetUp (setUpInactivePlatform);  // filters have no initializers
  // Without this, LLJIT links with what it takes itself, in memory of its own manager.
  if (options->manager == LINKER_MIR)
    if (Error error = use_space (l, *options, builder)) return fail_with (l, std::move (error));
  Expected<std::unique_ptr<LLJIT>> jit = builder.create ();
  if (!jit) return fail_with (l, jit.takeError ());
  l.jit = std::move (*jit);
  report_errors_to (l);
  return 0;
}

void linker_destroy (struct linker *linker) {
  delete linker;
}

const char *linker_message (const struct linker *linker) {
  return linker->message.c_str ();
}

MIR_code_space_t linker_space (const struct linker *linker) {
  return linker->space;
}

/*---------------- Units -----------------------------*/

namespace {

linker_unit &take_unit (linker &l) {
  if (l.idle.empty ()) {
    ExecutionSession &session = l.jit->getExecutionSession ();
    JITDylib &library = session.createBareJITDylib ("unit-" + std::to_string (l.units.size ()));
    l.units.push_back (std::make_unique<linker_unit> (linker_unit{library, nullptr}));
    l.idle.reserve (l.units.size ());
    l.idle.push_back (l.units.back ().get ());
  }
  linker_unit *unit = l.idle.back ();
  l.idle.pop_back ();
  unit->tracker = unit->library.createResourceTracker ();
  return *unit;
}

Error remove_unit (linker &l, linker_unit &unit) {
  Error error = unit.tracker->remove ();
  unit.tracker = nullptr;
  l.idle.push_back (&unit);
  return error;
}

// The first look-up links; the second one finds.
Error look_up (linker &l, JITDylib &library, const linker_object &object, linked &result) {
  auto func = l.jit->lookup (library, object.func);
  if (!func) return func.takeError ();
  auto matches = l.jit->lookup (library, object.matches);
  if (!matches) return matches.takeError ();
  result.func = func->toPtr<void *> ();
  result.matches = matches->toPtr<uint64_t *> ();
  return Error::success ();
}

}  // namespace

int linker_link (struct linker *linker, const struct linker_object *object, struct linked *linked) {
  struct linker &l = *linker;
  l.message.clear ();
  linker_unit &unit = take_unit (l);
  StringRef bytes (reinterpret_cast<const char *> (object->bytes), object->len);
  Error error =
      l.jit->addObjectFile (unit.tracker, MemoryBuffer::getMemBuffer (bytes, object->name, false));
  if (!error) error = look_up (l, unit.library, *object, *linked);
  if (error) {
    *linked = {};
    return fail_with (l, joinErrors (std::move (error), remove_unit (l, unit)));
  }
  linked->unit = &unit;
  return 0;
}

int linker_unlink (struct linker *linker, struct linked *linked) {
  linker->message.clear ();
  Error error = remove_unit (*linker, *linked->unit);
  *linked = {};
  return error ? fail_with (*linker, std::move (error)) : 0;
}
