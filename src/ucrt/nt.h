/* What the take-over calls of Windows: system calls and the loader's functions, through pointers
   into ntdll.

   While other threads are stopped only system calls are made: those take no lock of the process.
   Tests put functions here that fail.

   Structures and constants are those of the Windows SDK and driver kit; what those leave out is
   from phnt of System Informer and Wine's winternl.h.  */

#ifndef MIR_UCRT_NT_H
#define MIR_UCRT_NT_H

#include <windows.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

enum {
  UCRT_NT_THREAD_BASIC = 0,    /* ThreadBasicInformation */
  UCRT_NT_MEMORY_BASIC = 0,    /* MemoryBasicInformation */
  UCRT_NT_PROCESS_POLICY = 52, /* ProcessMitigationPolicy */
  UCRT_NT_STILL_RUNS = 0x103,  /* STATUS_PENDING: exit status of a running thread */
  UCRT_NT_DLL_LOADED = 1,      /* LDR_DLL_NOTIFICATION_REASON_LOADED */
  UCRT_NT_DLL_UNLOADED = 2,
  UCRT_NT_DLL_PIN = 1,       /* LDR_ADDREF_DLL_PIN */
  UCRT_NT_ATTACHED = 0x80000 /* LDRP_PROCESS_ATTACH_CALLED: the module's DllMain has returned */
};

#define UCRT_NT_THIS_PROCESS ((HANDLE) (intptr_t) -1) /* a pseudo-handle, never closed */
enum { UCRT_NT_PAGE = 0x1000 };                       /* bytes */
#define UCRT_NT_EXECUTABLE \
  (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

struct ucrt_nt_string {
  USHORT length, room; /* bytes */
  WCHAR *chars;
};

/* THREAD_BASIC_INFORMATION */
struct ucrt_nt_thread {
  LONG exit_status;
  void *teb;
  HANDLE process_id, thread_id;
  ULONG_PTR affinity;
  LONG priority, base_priority;
};

/* LDR_DATA_TABLE_ENTRY, as far as it has been the same since Windows XP.  */
struct ucrt_nt_module {
  LIST_ENTRY load_order, memory_order, init_order;
  void *base, *entry;
  ULONG size;
  struct ucrt_nt_string full_name, name;
  ULONG flags;
};

/* PEB_LDR_DATA */
struct ucrt_nt_loader {
  ULONG length;
  BOOLEAN initialized;
  HANDLE handle;
  LIST_ENTRY load_order; /* of struct ucrt_nt_module */
};

/* PEB, as far as it has been the same since Windows XP.  */
struct ucrt_nt_peb {
  BYTE flags[4];
  HANDLE mutant;
  void *image_base;
  struct ucrt_nt_loader *loader;
};

/* LDR_DLL_NOTIFICATION_DATA */
struct ucrt_nt_dll {
  ULONG flags;
  const struct ucrt_nt_string *full_name, *name;
  void *base;
  ULONG size;
};

typedef VOID (CALLBACK *ucrt_nt_dll_function_t) (ULONG reason, const struct ucrt_nt_dll *dll,
                                                 void *user_data);

/* Negative results are failures (NTSTATUS).  */
struct ucrt_nt {
  LONG (NTAPI *protect) (HANDLE, void **, SIZE_T *, ULONG, ULONG *);
  LONG (NTAPI *allocate) (HANDLE, void **, ULONG_PTR, SIZE_T *, ULONG, ULONG);
  LONG (NTAPI *release) (HANDLE, void **, SIZE_T *, ULONG);
  LONG (NTAPI *query) (HANDLE, const void *, int, void *, SIZE_T, SIZE_T *);
  LONG (NTAPI *flush) (HANDLE, const void *, SIZE_T);
  LONG (NTAPI *next_thread) (HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, HANDLE *);
  LONG (NTAPI *query_thread) (HANDLE, int, void *, ULONG, ULONG *);
  LONG (NTAPI *suspend) (HANDLE, ULONG *);
  LONG (NTAPI *context) (HANDLE, CONTEXT *);
  LONG (NTAPI *resume) (HANDLE, ULONG *);
  LONG (NTAPI *close) (HANDLE);
  LONG (NTAPI *sleep) (BOOLEAN, LARGE_INTEGER *);
  LONG (NTAPI *query_process) (HANDLE, int, void *, ULONG, ULONG *);
  LONG (NTAPI *notify_of_dlls) (ULONG, ucrt_nt_dll_function_t, void *, void **);
  LONG (NTAPI *add_reference) (ULONG, void *);
  LONG (NTAPI *lock_loader) (ULONG, ULONG *, ULONG_PTR *);
  LONG (NTAPI *unlock_loader) (ULONG, ULONG_PTR);
  void *(NTAPI *unwind) (ULONG, ULONG_PTR, ULONG_PTR, void *, CONTEXT *, void **, ULONGLONG *,
                         void *); /* not x86 */
  struct ucrt_nt_peb *(NTAPI *peb) (void);
};

/* All 0 until ucrt_find_nt; constant afterwards, except in tests.  */
extern struct ucrt_nt ucrt_nt;

/* Fill ucrt_nt, once, in DllMain.  NULL, or the name of a function that this Windows lacks.  */
const char *ucrt_find_nt (void);

/* The loaded modules, one after another: NULL gives the first, and NULL follows the last.  The
   caller holds the loader lock.  */
const struct ucrt_nt_module *ucrt_next_module (const struct ucrt_nt_module *module);

/* The module which contains ADDRESS, or NULL.  The caller holds the loader lock.  */
const struct ucrt_nt_module *ucrt_module_at (uint64_t address);

enum { UCRT_NAME_SIZE = 64 }; /* bytes, enough for the names that matter here */

/* Write NAME without its folder into the SIZE bytes at TO, in lower case, with '?' for characters
   that are not printable ASCII; cut if too long, terminated by 0.  */
void ucrt_plain_name (char *to, size_t size, const struct ucrt_nt_string *name);

#endif
