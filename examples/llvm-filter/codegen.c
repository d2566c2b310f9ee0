/* Compiles programs to object files by LLVM.  */
#include "codegen.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Object.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "translate.h"

/* All that LLVM makes is stored here before the next step can fail.  */
struct codegen {
  MIR_alloc_t alloc;
  char *triple, *cpu,
      *features; /* of this machine; LLVM owns the strings until they are disposed */
  LLVMTargetMachineRef machine;
  LLVMPassBuilderOptionsRef passes;
  /* Of the program that is being compiled: */
  char *message; /* LLVM's, about a failure */
  LLVMMemoryBufferRef file;
  LLVMBinaryRef binary;
  struct translation translation;
};

/*---------------- The compiler -----------------------------*/

/* Position-independent code of the small code model: what belongs together is near each other,
   wherever that is.  */
static void create_machine (struct codegen *g) {
  LLVMTargetRef target;
  g->triple = LLVMGetDefaultTargetTriple ();
  g->cpu = LLVMGetHostCPUName ();
  g->features = LLVMGetHostCPUFeatures ();
  if (LLVMGetTargetFromTriple (g->triple, &target, &g->message))
    fail (MIR_alloc_error, "LLVM: %s", g->message);
  g->machine = LLVMCreateTargetMachine (target, g->triple, g->cpu, g->features,
                                        LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelSmall);
  if (g->machine == NULL) fail (MIR_alloc_error, "LLVM: no machine code for %s", g->triple);
}

void codegen_create (struct codegen **codegen, MIR_alloc_t alloc) {
  *codegen = (struct codegen *) MIR_calloc (alloc, 1, sizeof (struct codegen));
  if (*codegen == NULL) fail (MIR_alloc_error, "no memory for the compiler");
  (*codegen)->alloc = alloc;
  if (LLVMInitializeNativeTarget () || LLVMInitializeNativeAsmPrinter ())
    fail (MIR_alloc_error, "LLVM: no back end for this machine");
  create_machine (*codegen);
  (*codegen)->passes = LLVMCreatePassBuilderOptions ();
}

/* Dispose what one compilation has left.  */
static void finish_compilation (struct codegen *g) {
  LLVMDisposeMessage (g->message);
  if (g->binary != NULL) LLVMDisposeBinary (g->binary);
  if (g->file != NULL) LLVMDisposeMemoryBuffer (g->file);
  translation_finish (&g->translation);
  g->message = NULL;
  g->binary = NULL;
  g->file = NULL;
}

void codegen_destroy (struct codegen *g) {
  if (g == NULL) return;
  finish_compilation (g);
  if (g->passes != NULL) LLVMDisposePassBuilderOptions (g->passes);
  if (g->machine != NULL) LLVMDisposeTargetMachine (g->machine);
  LLVMDisposeMessage (g->triple);
  LLVMDisposeMessage (g->cpu);
  LLVMDisposeMessage (g->features);
  MIR_free (g->alloc, g);
}

/*---------------- A compilation -----------------------------*/

/* A file's name may contain anything, a symbol may not: "x@@@y" would be a version of x.  */
static void set_names (struct object *object, const char *name) {
  char *p = object->name;
  for (; *name != '\0' && p < object->name + sizeof (object->name) - 1; name++)
    *p++ = isalnum ((unsigned char) *name) || strchr ("-_.", *name) != NULL ? *name : '_';
  *p = '\0';
  snprintf (object->func, sizeof (object->func), "filter.%s", object->name);
  snprintf (object->matches, sizeof (object->matches), "matches.%s", object->name);
}

static void optimize (struct codegen *g) {
  LLVMErrorRef error;
  if (LLVMVerifyModule (g->translation.module, LLVMReturnStatusAction, &g->message))
    fail (MIR_func_error, "LLVM: %s", g->message);
  error = LLVMRunPasses (g->translation.module, "default<O2>", g->machine, g->passes);
  if (error != NULL) {
    g->message = LLVMCreateMessage ("the passes do not exist");
    LLVMConsumeError (error);
    fail (MIR_func_error, "LLVM: %s", g->message);
  }
}

/* The first section of an ELF file has no name.  */
static int is_code (LLVMSectionIteratorRef section) {
  const char *name = LLVMGetSectionName (section);
  return name != NULL && strcmp (name, ".text") == 0;
}

/* The bytes of the section that holds the code.  */
static size_t code_length (struct codegen *g) {
  LLVMSectionIteratorRef section;
  size_t len = 0;
  g->binary = LLVMCreateBinary (g->file, g->translation.context, &g->message);
  if (g->binary == NULL) fail (MIR_func_error, "LLVM: %s", g->message);
  section = LLVMObjectFileCopySectionIterator (g->binary);
  for (; !LLVMObjectFileIsSectionIteratorAtEnd (g->binary, section);
       LLVMMoveToNextSection (section))
    if (is_code (section)) len += LLVMGetSectionSize (section);
  LLVMDisposeSectionIterator (section);
  return len;
}

void codegen_compile (struct codegen *g, const char *name, const struct insn *insns, size_t len,
                      struct object *object) {
  set_names (object, name);
  translate (&g->translation, g->machine, object, insns, len);
  optimize (g);
  if (LLVMTargetMachineEmitToMemoryBuffer (g->machine, g->translation.module, LLVMObjectFile,
                                           &g->message, &g->file))
    fail (MIR_func_error, "LLVM: %s", g->message);
  object->code_len = code_length (g);
  VARR_PUSH_ARR (uint8_t, object->bytes, (const uint8_t *) LLVMGetBufferStart (g->file),
                 LLVMGetBufferSize (g->file));
  finish_compilation (g);
}
