/* Loads DLLs for arm64ec into a process of Linux on aarch64, where a system of Windows is made up:
   system.h.  Only ARM64 code runs; a call that would begin to emulate x64 code ends the process.
   One thread; the files are trusted.  */

#ifndef MIR_TESTS_UCRT_ARM64EC_LOADER_H
#define MIR_TESTS_UCRT_ARM64EC_LOADER_H

#include <stdint.h>

/* One DLL, as loaded.  */
struct module {
  uint8_t *base;
  uint32_t size;
  uint8_t *entry; /* what the loader's list has of it */
};

enum { ENTRY_FLAGS = 0x68, ENTRY_ATTACHED = 0x80000 }; /* in struct module's ENTRY */

/* Load the DLL of FILE at ADDRESS under NAME; its DllMain does not run.  Ends the process on
   failure.  */
struct module *loader_load (const char *file, const char *name, uintptr_t address);

/* The address of the export NAME, for x64 callers: a fast-forward sequence.  Ends the process if there
   is none.  */
uint64_t loader_export (const struct module *module, const char *name);

/* The address of the entry point.  */
uint64_t loader_entry (const struct module *module);

/* Where a call of TARGET goes, as the system's checker of indirect calls decides: ARM64 code is
   TARGET itself, or behind an unchanged fast-forward sequence.  Ends the process if it is other
   code.  */
uint64_t loader_target (uint64_t target);

/* Whether ADDRESS is in ARM64EC code of a module.  */
int loader_is_code (uint64_t address);

/* Whether ADDRESS is in a module.  */
int loader_is_image (uint64_t address);

/* Call FUNCTION, ARM64 code, with up to four parameters.  */
uint64_t enter (uint64_t function, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* The process environment block.  */
extern uint8_t loader_process[];
/* The last error, in the thread environment block.  */
uint32_t *loader_last_error (void);

#endif
