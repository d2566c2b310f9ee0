/* Opens the target, reads and writes its memory, and reads its images.  */
#include "inject/process/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/pe/imports.h"

enum { READ_TRIES = 10 }; /* a millisecond apart */
#define PAGE 4096u        /* bytes; no Windows has smaller pages */
#define HEADERS_MAX (16 * PAGE)
#define IMAGE_MAX (1u << 30) /* bytes; as many are allocated here */

/* Set GetLastError () to ERROR.  -1.  */
static int fail (DWORD error) {
  SetLastError (error);
  return -1;
}

/* Set CAUSE: why opening process ID failed with ERROR.  */
static void explain_denied (DWORD id, DWORD error, char cause[REASON_MAX]) {
  const char *reason = reason_of_open_error (error);
  struct process_facts facts = {0};
  struct remote limited = {.id = id};
  limited.process = OpenProcess (PROCESS_QUERY_LIMITED_INFORMATION, FALSE, id);
  if (error == ERROR_ACCESS_DENIED && limited.process != NULL) {
    remote_facts (&limited, &facts);
    if (reason_of_facts (&facts) != NULL) reason = reason_of_facts (&facts);
  }
  if (limited.process != NULL) CloseHandle (limited.process);
  if (reason != NULL)
    snprintf (cause, REASON_MAX, "%s", reason);
  else
    snprintf (cause, REASON_MAX, "it cannot be opened (error %lu)", error);
}

int remote_open (struct remote *remote, DWORD id, int writes, char cause[REASON_MAX]) {
  DWORD access = PROCESS_QUERY_INFORMATION | PROCESS_VM_READ | SYNCHRONIZE;
  if (writes) access |= PROCESS_VM_OPERATION | PROCESS_VM_WRITE | PROCESS_CREATE_THREAD;
  *remote = (struct remote) {.id = id};
  remote->process = OpenProcess (access, FALSE, id);
  if (remote->process == NULL) {
    DWORD error = GetLastError ();
    explain_denied (id, error, cause);
    return fail (error);
  }
  if (remote_has_ended (remote, 0)) { /* the id lives as long as anyone has a handle */
    snprintf (cause, REASON_MAX, "the process has ended");
    remote_close (remote);
    return fail (ERROR_PROCESS_ABORTED);
  }
  if (remote_look (remote) == 0) return 0;
  remote_explain (remote, "its program cannot be read", cause);
  remote_close (remote);
  return -1;
}

void remote_close (struct remote *remote) {
  CloseHandle (remote->process);
  remote->process = NULL;
}

int remote_explain (const struct remote *remote, const char *what, char cause[REASON_MAX]) {
  DWORD error = GetLastError ();
  int ended = remote_has_ended (remote, ENDS_WITHIN);
  if (ended)
    snprintf (cause, REASON_MAX, "the process has ended");
  else
    snprintf (cause, REASON_MAX, "%s (error %lu)", what, error);
  SetLastError (error);
  return ended;
}

int remote_has_ended (const struct remote *remote, unsigned milliseconds) {
  return WaitForSingleObject (remote->process, milliseconds) == WAIT_OBJECT_0;
}

/* Wine reads through one of the threads of the target, and returns ERROR_ACCESS_DENIED if that
   thread is just ending.  The handle has the right to read, so retry.  */
int remote_read (const struct remote *remote, uint64_t from, void *to, size_t n) {
  SIZE_T done = 0;
  if (from > UINTPTR_MAX || n > UINTPTR_MAX - (uintptr_t) from) return fail (ERROR_INVALID_ADDRESS);
  for (int tries = 0;
       !ReadProcessMemory (remote->process, (const void *) (uintptr_t) from, to, n, &done);
       tries++) {
    DWORD error = GetLastError ();
    if (error != ERROR_ACCESS_DENIED || tries == READ_TRIES || remote_has_ended (remote, 1))
      return fail (error);
  }
  return done == n ? 0 : fail (ERROR_PARTIAL_COPY);
}

/* Read-only pages become writable while they are written.  Pages of an image then become private
   copies of the target.  */
int remote_write (const struct remote *remote, uint64_t to, const void *from, size_t n) {
  SIZE_T done = 0;
  DWORD before = 0;
  void *at = (void *) (uintptr_t) to;
  MEMORY_BASIC_INFORMATION info;
  if (to > UINTPTR_MAX || n > UINTPTR_MAX - (uintptr_t) to) return fail (ERROR_INVALID_ADDRESS);
  if (VirtualQueryEx (remote->process, at, &info, sizeof (info)) == 0) return -1;
  /* PAGE_EXECUTE and its variants: other threads may run there.  */
  int executable = (info.Protect & 0xf0) != 0;
  if (!VirtualProtectEx (remote->process, at, n,
                         executable ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE, &before))
    return -1;
  int written = WriteProcessMemory (remote->process, at, from, n, &done) && done == n;
  DWORD error = written ? 0 : GetLastError ();
  if (!VirtualProtectEx (remote->process, at, n, before, &before) && error == 0)
    error = GetLastError ();
  FlushInstructionCache (remote->process, at, n);
  return error == 0 ? 0 : fail (error);
}

size_t remote_read_some (const struct remote *remote, uint64_t from, void *to, size_t n) {
  size_t done = 0;
  while (done < n) {
    size_t part = PAGE - (size_t) ((from + done) % PAGE);
    if (part > n - done) part = n - done;
    if (remote_read (remote, from + done, (char *) to + done, part) != 0) break;
    done += part;
  }
  return done;
}

/* The address of the program, from the process environment block, which the kernel fills in before
   the process runs.  The offset has not changed since Windows NT.  */
static uint64_t program_of (const struct remote *remote) {
  typedef LONG WINAPI query_t (HANDLE, int, void *, ULONG, ULONG *);
  struct {
    LONG status; /* PROCESS_BASIC_INFORMATION */
    void *environment_block;
    void *others[4];
  } basic = {0};
  HMODULE ntdll = GetModuleHandleW (L"ntdll.dll");
  query_t *query = ntdll == NULL ? NULL
                                 : (query_t *) (void (*) (void)) GetProcAddress (
                                       ntdll, "NtQueryInformationProcess");
  uint64_t base = 0;
  if (query == NULL || query (remote->process, 0, &basic, sizeof (basic), NULL) < 0) return 0;
  if (remote_read (remote, (uintptr_t) basic.environment_block + 2 * sizeof (void *), &base,
                   sizeof (void *))
      != 0)
    return 0;
  return base;
}

/* Whether a 64-bit system runs PROCESS as a 32-bit one.  */
static int is_wow (HANDLE process) {
  BOOL wow = FALSE;
  return IsWow64Process (process, &wow) && wow;
}

/* The system tells the bitness.  The CPU comes from the headers of the program; but a .NET program
   for any CPU says x86, and runs as a native process of this machine.  */
int remote_look (struct remote *remote) {
  struct remote_image image;
  int system_is_64 = sizeof (void *) == 8 || is_wow (GetCurrentProcess ());
  remote->bits = system_is_64 && !is_wow (remote->process) ? 64 : 32;
  remote->machine = remote->bits == 32 ? PE_X86 : PE_X64;
  if (remote->bits > 8 * sizeof (void *)) return 0; /* a 32-bit program cannot read it */
  remote->program = program_of (remote);
  if (remote->program == 0 || remote_image (remote, remote->program, &image) != 0) return -1;
  if (remote->bits == 64 && image.pe.plus) remote->machine = image.pe.machine;
  remote_image_close (&image);
  return 0;
}

int remote_image (const struct remote *remote, uint64_t base, struct remote_image *image) {
  struct pe_error error = {0};
  uint8_t *headers = malloc (HEADERS_MAX);
  *image = (struct remote_image) {.base = base};
  if (headers == NULL) return fail (ERROR_OUTOFMEMORY);
  size_t n = remote_read_some (remote, base, headers, HEADERS_MAX);
  if (n == 0 || pe_open (&image->pe, headers, n, PE_MAPPED, &error) != 0
      || image->pe.image_size > IMAGE_MAX) {
    free (headers);
    return fail (ERROR_BAD_EXE_FORMAT);
  }
  uint32_t size = image->pe.image_size;
  if (n > size) n = size; /* in Wine what is reserved behind a small image can be read, too */
  image->bytes = calloc (1, size);
  if (image->bytes != NULL) memcpy (image->bytes, headers, n);
  free (headers);
  if (image->bytes == NULL) return fail (ERROR_OUTOFMEMORY);
  if (pe_open (&image->pe, image->bytes, size, PE_MAPPED, &error) == 0) return 0;
  remote_image_close (image);
  return fail (ERROR_BAD_EXE_FORMAT);
}

void remote_image_close (struct remote_image *image) {
  free (image->bytes);
  image->bytes = NULL;
}

void remote_image_fetch (const struct remote *remote, struct remote_image *image, uint32_t rva,
                         uint32_t n) {
  uint64_t end = (uint64_t) rva + n;
  if (end > image->pe.size) end = image->pe.size;
  if (rva < image->pe.headers_size)
    rva = image->pe.headers_size; /* the headers are read already, and PE refers to them */
  while (rva < end) {
    size_t done =
        remote_read_some (remote, image->base + rva, image->bytes + rva, (size_t) (end - rva));
    rva = (uint32_t) ((rva + done) / PAGE * PAGE + PAGE); /* skip the page that cannot be read */
  }
}

/* The address of the export NAME of MODULE, or of what it is forwarded to: DEPTH counts the
   forwards, and more than 4 are taken for a circle.  0: there is none.  */
static uint64_t export_in (const struct remote *remote, const char *module, const char *name,
                           int depth) {
  struct remote_image image;
  char forwarded[PE_NAME_MAX + 4];
  uint64_t base = remote_find (remote, module), address = 0;
  uint32_t rva;
  if (base == 0 || remote_image (remote, base, &image) != 0) return 0;
  remote_image_fetch (remote, &image, 0, image.pe.image_size);
  struct pe_directory exports = pe_directory (&image.pe, PE_EXPORT);
  if (pe_find_export (&image.pe, name, &rva) == 0) {
    if (rva - exports.rva >= exports.size) {
      address = base + rva;
    } else if (depth < 4 && pe_string (&image.pe, rva, forwarded, PE_NAME_MAX) == 0) {
      char function[PE_NAME_MAX], *dot = strrchr (forwarded, '.'); /* "MODULE.Function" */
      if (dot != NULL) {
        snprintf (function, sizeof (function), "%s", dot + 1);
        memcpy (dot, ".dll", 5);
        address = export_in (remote, forwarded, function, depth + 1);
      }
    }
  }
  remote_image_close (&image);
  return address;
}

uint64_t remote_export (const struct remote *remote, const char *module, const char *name) {
  return export_in (remote, module, name, 0);
}
