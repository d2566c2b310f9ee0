/* The parts of the tests that use LLVM.  */
#include "session.h"

#include <llvm/ExecutionEngine/JITSymbol.h>
#include <llvm/ExecutionEngine/Orc/ExecutionUtils.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>

#include "adapters/mir-llvm.hpp"
#include "support/tap.h"

using namespace llvm;

/*---------------- Glue, as a user writes it -----------------------------*/

static Expected<std::unique_ptr<orc::LLJIT>> make_jit (linker with, MIR_code_space_t space) {
  orc::LLJITBuilder builder;
  Error error = with == JITLINK ? mir::use_jitlink (builder, space)
                                : mir::use_rtdyld (builder, space);
  if (error) return error;
  return builder.create ();
}

/*---------------- Sessions -----------------------------*/

bool constants_are_read_only (linker with) {
  return with == RTDYLD || LLVM_VERSION_MAJOR >= 18;
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
    orc::JITDylib &library
        = i == 0 ? inside_->jit->getMainJITDylib ()
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

void session::add_thread_local () {
  auto context = std::make_unique<LLVMContext> ();
  auto module = std::make_unique<Module> ("thread local", *context);
  module->setDataLayout (inside_->jit->getDataLayout ());
  IRBuilder<> builder (*context);
  Type *type = builder.getInt32Ty ();
  auto *variable = new GlobalVariable (*module, type, false, GlobalValue::InternalLinkage,
                                       builder.getInt32 (11), "variable", nullptr,
                                       GlobalValue::GeneralDynamicTLSModel);
  auto *function = Function::Create (FunctionType::get (variable->getType (), false),
                                     GlobalValue::ExternalLinkage, "emulated_thread_local", *module);
  builder.SetInsertPoint (BasicBlock::Create (*context, "", function));
  builder.CreateRet (variable);
  if (Error error = inside_->jit->addIRModule (
          orc::ThreadSafeModule (std::move (module), std::move (context))))
    note (toString (std::move (error)));
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

// LLVM's versions give some of these functions other arguments.
class plugin : public orc::ObjectLinkingLayer::Plugin {
 public:
  explicit plugin (int *counts) : counts_{counts} {}
  void modifyPassConfig (orc::MaterializationResponsibility &, jitlink::LinkGraph &,
                         jitlink::PassConfiguration &passes) override {
    passes.PostFixupPasses.push_back ([this] (jitlink::LinkGraph &graph) {
      graph.allocActions ().push_back ({count_in (&counts_[0]), count_in (&counts_[1])});
      return Error::success ();
    });
  }
  Error notifyFailed (orc::MaterializationResponsibility &) override { return Error::success (); }
  virtual Error notifyRemovingResources (orc::ResourceKey) { return Error::success (); }
  virtual Error notifyRemovingResources (orc::JITDylib &, orc::ResourceKey) {
    return Error::success ();
  }
  virtual void notifyTransferringResources (orc::ResourceKey, orc::ResourceKey) {}
  virtual void notifyTransferringResources (orc::JITDylib &, orc::ResourceKey, orc::ResourceKey) {}

 private:
  int *counts_;
};

}  // namespace

void session::use_actions (int *counts) {
  static_cast<orc::ObjectLinkingLayer &> (inside_->jit->getObjLinkingLayer ())
      .addPlugin (std::make_unique<plugin> (counts));
}
