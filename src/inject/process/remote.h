/* Accesses the memory of the target, and what is mapped there.  Windows only.

   Addresses in the target are uint64_t, because its pointers may be wider than ours.  What is read
   is not trusted, and may change while it is read.  int functions return 0, or -1 with the cause in
   GetLastError ().  One thread at a time may use a struct remote.  */

#ifndef MIR_INJECT_PROCESS_REMOTE_H
#define MIR_INJECT_PROCESS_REMOTE_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

#include "inject/pe/pe.h"
#include "inject/process/reason.h"

/* Milliseconds to wait for a process that denies access because it is ending.  */
enum { ENDS_WITHIN = 1000 };

/* An open target.  */
struct remote {
  HANDLE process;
  DWORD id;
  unsigned bits;           /* of a pointer: 32 or 64 */
  enum pe_machine machine; /* of its program; PE_OTHER until remote_look */
  uint64_t program;        /* address of the image of its program; 0: not known */
};

/* An image of the target: the headers, and what remote_image_fetch has read; the rest is zeros.  */
struct remote_image {
  uint64_t base;  /* address in the target */
  struct pe pe;   /* over BYTES, PE_MAPPED */
  uint8_t *bytes; /* pe.image_size of them; freed by remote_image_close */
};

/* Open process ID for reading or, if WRITES, also for writing and for starting threads.  On failure
   CAUSE says why, as far as that can be found out.  remote_close ends the access.  */
int remote_open (struct remote *remote, DWORD id, int writes, char cause[REASON_MAX]);
/* Set BITS, MACHINE and PROGRAM of REMOTE; PROCESS and ID are set already.  */
int remote_look (struct remote *remote);
void remote_close (struct remote *remote);
/* Whether the process has ended, or ends within MILLISECONDS: that explains why an access
   failed.  */
int remote_has_ended (const struct remote *remote, unsigned milliseconds);

/* Set CAUSE to WHAT with the number of GetLastError, which stays; or to "the process has ended" if
   that explains the failure.  Returns whether the process has ended.  */
int remote_explain (const struct remote *remote, const char *what, char cause[REASON_MAX]);

/* Read N bytes; -1 also if only some of them can be read.  */
int remote_read (const struct remote *remote, uint64_t from, void *to, size_t n);
/* Write N bytes.  Pages that are not writable become so meanwhile.  */
int remote_write (const struct remote *remote, uint64_t to, const void *from, size_t n);
/* Read up to N bytes, ending before the first page that cannot be read.  Returns the number of
   bytes.  */
size_t remote_read_some (const struct remote *remote, uint64_t from, void *to, size_t n);

/* Open the image at BASE: its headers are read.  remote_image_close frees it.  */
int remote_image (const struct remote *remote, uint64_t base, struct remote_image *image);
/* Read N bytes from RVA into IMAGE, except the pages that cannot be read.  */
void remote_image_fetch (const struct remote *remote, struct remote_image *image, uint32_t rva,
                         uint32_t n);
void remote_image_close (struct remote_image *image);
/* The address of the function NAME that the DLL MODULE exports or forwards; 0 if there is none.  */
uint64_t remote_export (const struct remote *remote, const char *module, const char *name);

/* Call FOUND for each mapped image in the order of addresses, until it returns a value other than
   0, which is the result; otherwise 0, or -1 if the memory map could not be read to its end.  This
   reads the memory map, not the lists of the loader, so it works before the process runs and for
   both bitnesses.  */
typedef int remote_found_t (void *user_data, uint64_t base);
int remote_each_image (const struct remote *remote, remote_found_t *found, void *user_data);
/* Copy the path of the file that is mapped at ADDRESS, or only its name if BARE, as UTF-8; "" if
   there is none.  */
void remote_file_at (const struct remote *remote, uint64_t address, int bare, char *name,
                     size_t size);
/* The address of the image of the DLL NAME, ignoring case; 0 if it is not mapped.  */
uint64_t remote_find (const struct remote *remote, const char *name);

/* Find out what prevents loading a DLL; see reason.h.  */
void remote_facts (const struct remote *remote, struct process_facts *facts);

#endif
