/* The parts of the tests that use LLVM.  */
#include "session.h"

#include "adapters/mir-llvm.hpp"  // first, so that it needs nothing before it

#include <llvm/ExecutionEngine/ExecutionEngine.h>
#include <llvm/ExecutionEngine/JITSymbol.h>
#include <llvm/ExecutionEngine/MCJIT.h>
#include <llvm/ExecutionEngine/Orc/ExecutionUtils.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>

#include "support/tap.h"

using namespace llvm;

/*---------------- Versions -----------------------------*/

#if LLVM_VERSION_MAJOR >= 18
static void make_transient (jitlink::Section &section) {
  section.setMemLifetime (orc::MemLifetime::Finalize);
}
#elif LLVM_VERSION_MAJOR == 16
static void make_transient (jitlink::Section &section) {
  section.setMemDeallocPolicy (orc::MemDeallocPolicy::Finalize);
}
#else
static void make_transient (jitlink::Section &section) {
  section.setMemDeallocPolicy (jitlink::MemDeallocPolicy::Finalize);
}
#endif

namespace {

// A plugin that is told of resources, and does nothing about them.
#if LLVM_VERSION_MAJOR >= 16
struct quiet_plugin : orc::ObjectLinkingLayer::Plugin {
  Error notifyFailed (orc::MaterializationResponsibility &) override { return Error::success (); }
  Error notifyRemovingResources (orc::JITDylib &, orc::ResourceKey) override {
    return Error::success ();
  }
  void notifyTransferringResources (orc::JITDylib &, orc::ResourceKey, orc::ResourceKey) override {}
};
#else
struct quiet_plugin : orc::ObjectLinkingLayer::Plugin {
  Error notifyFailed (orc::MaterializationResponsibility &) override { return Error::success (); }
  Error notifyRemovingResources (orc::ResourceKey) override { return Error::success (); }
  void notifyTransferringResources (orc::ResourceKey, orc::ResourceKey) override {}
};
#endif

}  // namespace

/*---------------- Glue, as a user writes it -----------------------------*/

static Expected<std::unique_ptr<orc::LLJIT>> make_jit (linker with, MIR_code_space_t space) {
  orc::LLJITBuilder builder;
  Error error =
      with == JITLINK ? mir::use_jitlink (builder, space) : mir::use_rtdyld (builder, space);
  if (error) return error;
  return builder.create ();
}

/*---------------- Sessions -----------------------------*/

bool jitlink_tells_accesses () {
  return LLVM_VERSION_MAJOR >= 18;
}

struct session::object {
  orc::ResourceTrackerSP tracker;
};

struct session::inside {
  std::unique_ptr<orc::LLJIT> jit;
  orc::JITDylib *libraries[LIBRARIES];
};

void session::note (const std::string &text) {
  std::lock_guard<std::mutex> guard (lock_);
  text_ += text + "\n";
}

std::string session::error () {
  std::lock_guard<std::mutex> guard (lock_);
  return std::exchange (text_, "");
}

session::session (linker with, MIR_code_space_t space) : inside_ (new inside) {
  InitializeNativeTarget ();
  InitializeNativeTargetAsmPrinter ();
  auto jit = make_jit (with, space);
  if (!jit) {
    tap_note ("%s", toString (jit.takeError ()).c_str ());
    std::abort ();
  }
  inside_->jit = std::move (*jit);
  inside_->jit->getExecutionSession ().setErrorReporter (
      [this] (Error error) { note (toString (std::move (error))); });
  for (int i = 0; i < LIBRARIES; i++) {
    orc::JITDylib &library =
        i == 0 ? inside_->jit->getMainJITDylib ()
               : cantFail (inside_->jit->createJITDylib ("library " + std::to_string (i)));
    library.addGenerator (cantFail (orc::DynamicLibrarySearchGenerator::GetForCurrentProcess (
        inside_->jit->getDataLayout ().getGlobalPrefix ())));
    inside_->libraries[i] = &library;
  }
}

session::~session () = default;

std::shared_ptr<session::object> session::add (const char *name, unsigned library) {
  auto buffer = MemoryBuffer::getFile (std::string (TEST_OBJECTS "/") + name + ".o");
  if (!buffer) {
    tap_note ("%s: %s", name, buffer.getError ().message ().c_str ());
    return nullptr;
  }
  auto added = std::make_shared<object> ();
  added->tracker = inside_->libraries[library]->createResourceTracker ();
  if (Error error = inside_->jit->addObjectFile (added->tracker, std::move (*buffer))) {
    note (toString (std::move (error)));
    return nullptr;
  }
  return added;
}

bool session::remove (const std::shared_ptr<object> &added) {
  Error error = added->tracker->remove ();
  added->tracker = nullptr;
  if (!error) return true;
  note (toString (std::move (error)));
  return false;
}

[[maybe_unused]] static std::uint64_t in_number (JITEvaluatedSymbol symbol) {
  return symbol.getAddress ();
}

[[maybe_unused]] static std::uint64_t in_number (orc::ExecutorAddr address) {
  return address.getValue ();
}

void *session::find (const char *symbol, unsigned library) {
  auto found = inside_->jit->lookup (*inside_->libraries[library], symbol);
  if (found) return reinterpret_cast<void *> (in_number (*found));
  note (toString (found.takeError ()));
  return nullptr;
}

// A module whose function NAME returns the address of its variable, which holds VALUE.
static std::unique_ptr<Module> make_module (LLVMContext &context, const char *name, int value,
                                            GlobalValue::ThreadLocalMode mode) {
  auto module = std::make_unique<Module> (name, context);
  IRBuilder<> builder (context);
  auto *variable = new GlobalVariable (
      *module, builder.getInt32Ty (), false, GlobalValue::InternalLinkage,
      builder.getInt32 (static_cast<unsigned> (value)), "variable", nullptr, mode);
  auto *function = Function::Create (FunctionType::get (variable->getType (), false),
                                     GlobalValue::ExternalLinkage, name, *module);
  builder.SetInsertPoint (BasicBlock::Create (context, "", function));
  builder.CreateRet (variable);
  return module;
}

void session::add_thread_local () {
  auto context = std::make_unique<LLVMContext> ();
  auto module =
      make_module (*context, "emulated_thread_local", 11, GlobalValue::GeneralDynamicTLSModel);
  module->setDataLayout (inside_->jit->getDataLayout ());
  if (Error error = inside_->jit->addIRModule (
          orc::ThreadSafeModule (std::move (module), std::move (context))))
    note (toString (std::move (error)));
}

int run_with_mcjit (MIR_code_space_t space) {
  InitializeNativeTarget ();
  InitializeNativeTargetAsmPrinter ();
  LLVMContext context;
  std::unique_ptr<ExecutionEngine> engine (
      EngineBuilder (make_module (context, "first", 40, GlobalValue::NotThreadLocal))
          .setMCJITMemoryManager (std::make_unique<mir::rtdyld_memory_manager> (space))
          .setRelocationModel (Reloc::PIC_)
          .setCodeModel (CodeModel::Small)
          .create ());
  if (engine == nullptr) return -1;
  auto first = reinterpret_cast<int *(*) ()> (engine->getFunctionAddress ("first"));
  engine->addModule (make_module (context, "second", 2, GlobalValue::NotThreadLocal));
  auto second = reinterpret_cast<int *(*) ()> (engine->getFunctionAddress ("second"));
  if (first == nullptr || second == nullptr || engine->hasError ()) return -1;
  return *first () + *second ();
}

/*---------------- Actions -----------------------------*/

static auto run_action (const char *data, std::size_t size) {
  using namespace orc::shared;
  return WrapperFunction<SPSError (SPSExecutorAddr)>::handle (
             data, size,
             [] (orc::ExecutorAddr counter) {
               int *n = reinterpret_cast<int *> (counter.getValue ());
               if (*n < 0) return make_error<StringError> ("refused", inconvertibleErrorCode ());
               ++*n;
               return Error (Error::success ());
             })
      .release ();
}

static orc::shared::WrapperFunctionCall count_in (int *counter) {
  using namespace orc::shared;
  return cantFail (WrapperFunctionCall::Create<SPSArgList<SPSExecutorAddr>> (
      orc::ExecutorAddr::fromPtr (&run_action), orc::ExecutorAddr::fromPtr (counter)));
}

namespace {

class plugin : public quiet_plugin {
 public:
  explicit plugin (jitlink::LinkGraphPassFunction pass, bool is_early)
      : pass_{std::move (pass)}, is_early_{is_early} {}
  void modifyPassConfig (orc::MaterializationResponsibility &, jitlink::LinkGraph &,
                         jitlink::PassConfiguration &passes) override {
    // A copy of the pass for each graph.
    auto run = [this] (jitlink::LinkGraph &graph) { return pass_ (graph); };
    (is_early_ ? passes.PostPrunePasses : passes.PostFixupPasses).push_back (run);
  }

 private:
  jitlink::LinkGraphPassFunction pass_;
  bool is_early_;  // before memory is reserved
};

}  // namespace

static void add_plugin (orc::LLJIT &jit, jitlink::LinkGraphPassFunction pass, bool is_early) {
  static_cast<orc::ObjectLinkingLayer &> (jit.getObjLinkingLayer ())
      .addPlugin (std::make_unique<plugin> (std::move (pass), is_early));
}

void session::use_actions (int *counts) {
  auto pass = [counts] (jitlink::LinkGraph &graph) {
    graph.allocActions ().push_back ({count_in (&counts[0]), count_in (&counts[1])});
    return Error (Error::success ());
  };
  add_plugin (*inside_->jit, pass, false);
}

void session::use_transient_bytes (std::size_t len) {
  auto pass = [len] (jitlink::LinkGraph &graph) {
    auto &section = graph.createSection (
        ".transient", mir::llvm_names::access::Read | mir::llvm_names::access::Exec);
    make_transient (section);
    auto &block = graph.createZeroFillBlock (section, len, orc::ExecutorAddr (), 16, 0);
    graph.addAnonymousSymbol (block, 0, len, true, true);
    return Error (Error::success ());
  };
  add_plugin (*inside_->jit, pass, true);
}
