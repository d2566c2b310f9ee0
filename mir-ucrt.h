/* The status of mir-ucrt.dll, and a test of what it has taken over.

   mir-ucrt.dll takes over the allocator of the Windows C runtime for a whole process: at start-up
   when it is first in the import table, or later when it is loaded into a running process.  It
   exports mimalloc's functions (mimalloc.h) and the two functions of this file.
   docs/windows-override.md tells how to use it.

   CRT            a loaded copy of ucrtbase.dll or of a relative; a process may have several
   taken over     the function's first bytes jump to a function of the DLL
   foreign block  one of a CRT's own heap, from before the take-over or beside it

   A program that calls nothing of the DLL loses it when it is linked.  To keep it:
     MSVC    #pragma comment (linker, "/include:mi_version")    ("/include:_mi_version" on x86)
     mingw   -Wl,-u,mi_version    (-Wl,-u,_mi_version on x86)
   and link its import library before all others.  mingw's linkers sort import libraries by their
   paths, so there give it as ./libmir-ucrt.dll.a or by -L. -lmir-ucrt.  `mir-inject` puts the DLL
   first in the import table whatever the linker did.

   The structs have the same layout for 32 and 64 bits: other processes read them (`mir-inject
   check`) from the section MIR_UCRT_STATUS_SECTION of the loaded image.  */

#ifndef MIR_UCRT_H
#define MIR_UCRT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIR_UCRT_DLL "mir-ucrt.dll" /* the file's name, the same for every CPU */
/* The section of the image that holds one MIR_ucrt_status_t and nothing else.  */
#define MIR_UCRT_STATUS_SECTION ".mirst"
#define MIR_UCRT_STATUS_MAGIC 0x7573726du /* "mrsu" in memory order */
#define MIR_UCRT_STATUS_VERSION 1u        /* of the structs here */
#define MIR_UCRT_CRTS_MAX 4               /* room for CRTs in a status */
#define MIR_UCRT_FUNCTIONS_MAX 192        /* and for functions */
#define MIR_UCRT_STRIPES 8                /* of the counters */

/* The state of the take-over, of the whole or of one CRT.  */
typedef enum {
  MIR_UCRT_STARTING = 0, /* the DLL's entry has not returned */
  MIR_UCRT_ACTIVE = 1,   /* all functions of at least one CRT are taken over */
  MIR_UCRT_WAITING = 2,  /* there is no CRT yet; one loaded later is taken over */
  MIR_UCRT_DISABLED = 3, /* by the environment */
  MIR_UCRT_REFUSED = 4,  /* a take-over would not be safe: see REASON; nothing was changed */
  MIR_UCRT_FAILED = 5    /* something failed: see REASON; what was changed is undone */
} MIR_ucrt_state_t;

/* What became of a function of a CRT.  */
typedef enum {
  MIR_UCRT_ABSENT = 0, /* this CRT does not export it */
  MIR_UCRT_TAKEN = 1,
  MIR_UCRT_ALIAS = 2,   /* the same address as an earlier function of this CRT */
  MIR_UCRT_REACHED = 3, /* left alone: it calls a function that is taken over */
  MIR_UCRT_LEFT = 4     /* left alone: the CRT's REASON says why */
} MIR_ucrt_function_state_t;

/* Whether a function was called, and behaved.  */
typedef enum { MIR_UCRT_UNTESTED = 0, MIR_UCRT_PASSED = 1, MIR_UCRT_WRONG = 2 } MIR_ucrt_test_t;

/* A function of a CRT.  */
typedef struct {
  char name[32];    /* as exported, ends with 0 */
  uint64_t address; /* of its entry in the CRT; 0 if absent */
  uint64_t target;  /* where its entry leads now: our hook, or another hooker's if INTACT is 0 */
  uint64_t calls;   /* since the take-over, if COUNTING; else 0 */
  uint32_t crt;     /* index into CRTS */
  uint32_t state;   /* MIR_ucrt_function_state_t */
  uint32_t intact;  /* 1: our bytes were there at the last look */
  uint32_t test;    /* MIR_ucrt_test_t: whether a call through the export behaved */
} MIR_ucrt_function_t;

/* A CRT of the process.  */
typedef struct {
  char name[64];    /* of the file, no folder, UTF-8, ends with 0 */
  uint64_t base;    /* where it is mapped; 0: unused entry */
  uint64_t heap;    /* the handle of its own heap, 0 if not known yet */
  uint32_t size;    /* bytes mapped */
  uint32_t state;   /* MIR_ucrt_state_t of this CRT: ACTIVE, REFUSED or FAILED */
  uint32_t late;    /* 1: it was already running when it was taken over */
  uint32_t retries; /* how often the other threads were resumed before it was safe to write */
  char reason[160]; /* UTF-8, one line; "" if there is nothing to say */
} MIR_ucrt_crt_t;

/* Counters, spread over cache lines; the value of each is the sum over all stripes.  */
typedef struct {
  uint64_t migrated;       /* foreign blocks that a reallocation moved to our heap */
  uint64_t migrated_bytes; /* their former sizes */
  uint64_t foreign_freed;  /* foreign blocks freed to their own heap */
  uint64_t foreign_sized;  /* calls of _msize and the like with foreign blocks */
  uint64_t kept;           /* foreign blocks that _expand left in place */
  uint64_t guarded; /* blocks of ours given to HeapFree and the like, with MIR_UCRT_GUARD=1 */
  uint64_t unused[2];
} MIR_ucrt_counters_t;

/* The status of the DLL in a process.  */
typedef struct {
  uint32_t magic;   /* MIR_UCRT_STATUS_MAGIC, written last */
  uint32_t version; /* MIR_UCRT_STATUS_VERSION */
  uint32_t size;    /* of this struct, bytes */
  uint32_t state;   /* MIR_ucrt_state_t of the whole */
  uint32_t process; /* its id */
  uint32_t bits;    /* 32 or 64 */
  uint32_t mimalloc_version;
  uint32_t counting; /* 1: CALLS are counted (MIR_UCRT_COUNT=1) */
  uint32_t exact;    /* 1: _msize returns exactly the size asked for */
  uint32_t crts_num;
  uint32_t functions_num;
  uint32_t loaded_twice; /* other copies of this DLL that were loaded and stood back */
  char reason[160];      /* UTF-8, one line; "" if there is nothing to say */
  MIR_ucrt_crt_t crts[MIR_UCRT_CRTS_MAX];
  MIR_ucrt_counters_t counters[MIR_UCRT_STRIPES];
  MIR_ucrt_function_t functions[MIR_UCRT_FUNCTIONS_MAX];
} MIR_ucrt_status_t;

/* A function of the DLL.  MIR_UCRT_BUILD is defined while the DLL itself is built.  */
#if defined(MIR_UCRT_BUILD)
#define MIR_UCRT_API __declspec (dllexport)
#else
#define MIR_UCRT_API __declspec (dllimport)
#endif

#ifdef _WIN32
/* The status, with INTACT and TARGET brought up to date.  The DLL owns it, and it lives as long as
   the process; counters move while it is read.  Never NULL.  Any thread.  */
MIR_UCRT_API const MIR_ucrt_status_t *MIR_ucrt_status (void);

/* Call every function that is taken over and note in TEST whether it behaved.  All but _heapmin
   were already called once when they were taken over.  Returns the number of functions that
   misbehaved, 0 if all is well, -1 if nothing is taken over.  Any thread.  */
MIR_UCRT_API int MIR_ucrt_check (void);
#endif

#ifdef __cplusplus
}
#endif
#endif
