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

enum {
  UCRT_NT_THREAD_BASIC = 0,    /* ThreadBasicInformation */
  UCRT_NT_MEMORY_BASIC = 0,    /* MemoryBasicInformation */
  UCRT_NT_PROCESS_POLICY = 52, /* ProcessMitigationPolicy */
  UCRT_NT_STILL_RUNS = 0x103,  /* STATUS_PENDING, the exit status of a thread which has not ended */
  UCRT_NT_DLL_LOADED = 1,      /* LDR_DLL_NOTIFICATION_REASON_LOADED */
  UCRT_NT_DLL_UNLOADED = 2,
  UCRT_NT_DLL_PIN = 1,       /* LDR_ADDREF_DLL_PIN */
  UCRT_NT_ATTACHED = 0x80000 /* LDRP_PROCESS_ATTACH_CALLED: the module's DllMain has returned */
};

#define UCRT_NT_THIS_PROCESS ((HANDLE) (intptr_t) -1)
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

/* LDR_DATA_TABLE_ENTRY, as far as it is the same since Windows XP.  */
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

/* PEB, as far as it is the same since Windows XP.  */
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

struct ucrt_nt {
  LONG (NTAPI *protect) (HANDLE, void **, SIZE_T *, ULONG, ULONG *);
  LONG (NTAPI *allocate) (HANDLE, void **, ULONG_PTR, SIZE_T *, ULONG, ULONG);
  LONG (NTAPI *release) (HANDLE, void **, SIZE_T *, ULONG);
  LONG (NTAPI *query) (HANDLE, const void *, int, void *, SIZE_T, SIZE_T *);
  LONG (NTAPI *flush) (HANDLE, const void *, SIZE_T);
  LONG (NTAPI *next_thread) (HANDLE, HANDLE, ACCESS_MASK, ULONG, ULONG, HANDLE *);
  LONG (NTAPI *about_thread) (HANDLE, int, void *, ULONG, ULONG *);
  LONG (NTAPI *suspend) (HANDLE, ULONG *);
  LONG (NTAPI *context) (HANDLE, CONTEXT *);
  LONG (NTAPI *resume) (HANDLE, ULONG *);
  LONG (NTAPI *close) (HANDLE);
  LONG (NTAPI *sleep) (BOOLEAN, LARGE_INTEGER *);
  LONG (NTAPI *about_process) (HANDLE, int, void *, ULONG, ULONG *);
  LONG (NTAPI *tell_of_dlls) (ULONG, ucrt_nt_dll_function_t, void *, void **);
  LONG (NTAPI *add_reference) (ULONG, void *);
  LONG (NTAPI *lock_loader) (ULONG, ULONG *, ULONG_PTR *);
  LONG (NTAPI *unlock_loader) (ULONG, ULONG_PTR);
  void *(NTAPI *unwind) (ULONG, ULONG_PTR, ULONG_PTR, void *, CONTEXT *, void **, ULONGLONG *,
                         void *); /* not x86 */
  struct ucrt_nt_peb *(NTAPI *peb) (void);
};

extern struct ucrt_nt ucrt_nt;

/* Fill ucrt_nt, once.  NULL, or the name of a function which this Windows does not have.  */
const char *ucrt_find_nt (void);

/* The modules which are loaded, one after another; NULL begins, and ends.  The caller holds the
 * loader lock.  */
const struct ucrt_nt_module *ucrt_next_module (const struct ucrt_nt_module *module);

/* The module which contains ADDRESS, or NULL.  The caller holds the loader lock.  */
const struct ucrt_nt_module *ucrt_module_at (uint64_t address);

/* NAME's lower-case ASCII characters, other ones as '?', without the folder; at most SIZE - 1, and
 * a 0.  */
void ucrt_plain_name (char *to, size_t size, const struct ucrt_nt_string *name);

#endif
