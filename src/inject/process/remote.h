/* Another process: its memory, and what is mapped there.  Windows only.

   Addresses of the target are uint64_t here, whatever its pointers are; this program may be 32 bits
   wide and the target 64, or the other way round.  Whatever is read is the target's word: it may
   change while it is read, and lie.  Functions return 0, or -1 with the cause in GetLastError ().
   A struct remote belongs to one thread at a time.

   image   an executable or DLL, mapped by the loader */

#ifndef MIR_INJECT_PROCESS_REMOTE_H
#define MIR_INJECT_PROCESS_REMOTE_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stddef.h> /* size_t */
#include <stdint.h>
#include "inject/pe/pe.h"
#include "inject/process/reason.h"

enum { ENDS_WITHIN = 1000 }; /* milliseconds; a process which is ending admits nothing any more */

struct remote {
  HANDLE process;
  DWORD id;
  unsigned bits;           /* of its pointers, 32 or 64 */
  enum pe_machine machine; /* of its code; PE_OTHER until remote_look */
  uint64_t program;        /* where its executable is mapped; 0: not known */
};

/* The headers of an image and, where they were fetched, parts of the rest; what was not is zeros.  */
struct remote_image {
  uint64_t base;
  struct pe pe;   /* over BYTES, PE_MAPPED */
  uint8_t *bytes; /* pe.image_size; ours */
};

/* Open process ID, to be read or, if WRITES, to be given a thread too.  With a text in CAUSE on
   failure, which says why as far as that can be found out.  */
int remote_open (struct remote *remote, DWORD id, int writes, char cause[REASON_MAX]);
/* Fill in BITS, MACHINE and PROGRAM of REMOTE, whose PROCESS and ID are there.  */
int remote_look (struct remote *remote);
void remote_close (struct remote *remote);
/* Whether it has ended, or does so within MILLISECONDS: what fails, fails then because of that.  */
int remote_has_ended (const struct remote *remote, unsigned milliseconds);

/* Copy N bytes: all or none.  */
int remote_read (const struct remote *remote, uint64_t from, void *to, size_t n);
/* The same, over whatever access the pages have, which is put back.  */
int remote_write (const struct remote *remote, uint64_t to, const void *from, size_t n);
/* Read as much as can be read from the start of the N bytes, by pages: how many that was.  */
size_t remote_read_some (const struct remote *remote, uint64_t from, void *to, size_t n);

/* The image at BASE; remote_image_close when done.  */
int remote_image (const struct remote *remote, uint64_t base, struct remote_image *image);
/* Have N bytes from RVA in IMAGE, as far as they can be read.  */
void remote_image_fetch (const struct remote *remote, struct remote_image *image, uint32_t rva,
                         uint32_t n);
void remote_image_close (struct remote_image *image);
/* The address of the exported function NAME in the DLL called MODULE, forwarded or not; 0 if there
   is none.  */
uint64_t remote_export (const struct remote *remote, const char *module, const char *name);

/* Call FOUND for each image that is mapped, lowest first, until it returns non-zero, which is
   returned; else 0, or -1 if the map could not be read to its end. Reads the memory map, not the
   loader's lists: so it works before the process has begun to run and sees images of both
   bitnesses.  */
typedef int remote_found_t (void *user_data, uint64_t base);
int remote_each_image (const struct remote *remote, remote_found_t *found, void *user_data);
/* The name of the file that is mapped at ADDRESS, without its folder if BARE.  UTF-8; "" if it has
   none.  */
void remote_file_at (const struct remote *remote, uint64_t address, int bare, char *name,
                     size_t size);
/* Where the DLL called NAME is mapped, case ignored; 0 if it is not.  */
uint64_t remote_find (const struct remote *remote, const char *name);

/* For facts that decide what can be done; see reason.h.  */
void remote_facts (const struct remote *remote, struct process_facts *facts);

#endif
