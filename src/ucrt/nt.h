/* What the take-over asks of Windows: system calls and the loader's own functions, by pointers into
   ntdll.

   System calls alone are made while other threads are stopped: those take no lock of the process.
   A test puts calls of its own here, which fail.

   Structures and constants: Windows' SDK and driver kit, and for what those leave out, phnt of
   System Informer and Wine's winternl.h.  */

#ifndef MIR_UCRT_NT_H
#define MIR_UCRT_NT_H

#include <windows.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

typedef LONG ucrt_nt_result_t; /* negative: an error */

enum {
  UCRT_NT_PROTECTION_SIZE = 64,
  UCRT_NT_THREAD_BASIC = 0,    /* ThreadBasicInformation */
  UCRT_NT_MEMORY_BASIC = 0,    /* MemoryBasicInformation */
  UCRT_NT_PROCESS_POLICY = 52, /* ProcessMitigationPolicy */
  UCRT_NT_STILL_RUNS = 0x103,  /* STATUS_PENDING, the exit status of a thread which has not ended */
  UCRT_NT_DLL_LOADED = 1,      /* LDR_DLL_NOTIFICATION_REASON_LOADED */
  UCRT_NT_DLL_UNLOADED = 2,
  UCRT_NT_DLL_PIN = 1,       /* LDR_ADDREF_DLL_PIN */
  UCRT_NT_ATTACHED = 0x80000 /* LDRP_PROCESS_ATTACH_CALLED: the module's DllMain has returned */
};

typedef struct {
  USHORT length, room; /* bytes */
  WCHAR *chars;
} ucrt_nt_string_t;

typedef struct {
  ucrt_nt_result_t exit_status;
  void *teb;
  HANDLE process_id, thread_id;
  ULONG_PTR affinity;
  LONG priority, base_priority;
} ucrt_nt_thread_t; /* THREAD_BASIC_INFORMATION */

/* LDR_DATA_TABLE_ENTRY, as far as it is the same since Windows XP.  */
typedef struct {
  LIST_ENTRY load_order, memory_order, init_order;
  void *base, *entry;
  ULONG size;
  ucrt_nt_string_t full_name, name;
  ULONG flags;
} ucrt_nt_module_t;

typedef struct {
  ULONG length;
  BOOLEAN initialized;
  HANDLE handle;
  LIST_ENTRY load_order; /* of ucrt_nt_module_t */
} ucrt_nt_loader_t;      /* PEB_LDR_DATA */

/* PEB, as far as it is the same since Windows XP.  */
typedef struct {
  BYTE flags[4];
  HANDLE mutant;
  void *image_base;
  ucrt_nt_loader_t *loader;
} ucrt_nt_peb_t;

typedef struct {
  ULONG flags;
  const ucrt_nt_string_t *full_name, *name;
  void *base;
  ULONG size;
} ucrt_nt_dll_t; /* LDR_DLL_NOTIFICATION_DATA */

typedef VOID (CALLBACK *ucrt_nt_dll_function_t) (ULONG reason, const ucrt_nt_dll_t *dll,
                                                 void *user_data);

typedef struct {
  ucrt_nt_result_t (NTAPI *protect) (HANDLE, void **, SIZE_T *, ULONG, ULONG *);
  ucrt_nt_result_t (NTAPI *allocate) (HANDLE, void **, ULONG_PTR, SIZE_T *, ULONG, ULONG);
  ucrt_nt_result_t (NTAPI *release) (HANDLE, void **, SIZE_T *, ULONG);
  ucrt_nt_result_t (NTAPI *query) (HANDLE, const void *, int, void *, SIZE_T, SIZE_T *);
  ucrt_nt_result_t (NTAPI *flush) (HANDLE, const void *, SIZE_T);
  ucrt_nt_result_t (NTAPI *next_thread) (HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, HANDLE *);
  ucrt_nt_result_t (NTAPI *about_thread) (HANDLE, int, void *, ULONG, ULONG *);
  ucrt_nt_result_t (NTAPI *suspend) (HANDLE, ULONG *);
  ucrt_nt_result_t (NTAPI *context) (HANDLE, CONTEXT *);
  ucrt_nt_result_t (NTAPI *resume) (HANDLE, ULONG *);
  ucrt_nt_result_t (NTAPI *close) (HANDLE);
  ucrt_nt_result_t (NTAPI *sleep) (BOOLEAN, LARGE_INTEGER *);
  ucrt_nt_result_t (NTAPI *about_process) (HANDLE, int, void *, ULONG, ULONG *);
  ucrt_nt_result_t (NTAPI *tell_of_dlls) (ULONG, ucrt_nt_dll_function_t, void *, void **);
  ucrt_nt_result_t (NTAPI *add_reference) (ULONG, void *);
  ucrt_nt_result_t (NTAPI *lock_loader) (ULONG, ULONG *, ULONG_PTR *);
  ucrt_nt_result_t (NTAPI *unlock_loader) (ULONG, ULONG_PTR);
  void *(NTAPI *unwind) (ULONG, ULONG_PTR, ULONG_PTR, void *, CONTEXT *, void **, ULONGLONG *,
                         void *); /* not x86 */
  ucrt_nt_peb_t *(NTAPI *peb) (void);
} ucrt_nt_t;

extern ucrt_nt_t ucrt_nt;

/* Fill ucrt_nt, once.  NULL, or the name of a function which this Windows does not have.  */
const char *ucrt_find_nt (void);

/* The modules which are loaded, one after another; NULL begins, and ends.  The caller holds the
 * loader lock.  */
const ucrt_nt_module_t *ucrt_next_module (const ucrt_nt_module_t *module);

/* The module which contains ADDRESS, or NULL.  The caller holds the loader lock.  */
const ucrt_nt_module_t *ucrt_module_at (uint64_t address);

/* NAME's lower-case ASCII characters, other ones as '?', without the folder; at most SIZE - 1, and
 * a 0.  */
void ucrt_plain_name (char *to, size_t size, const ucrt_nt_string_t *name);

#endif
