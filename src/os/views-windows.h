/* Views of sections at given places, and how address space is kept for them.

   A reserved range consists of placeholders, which a view can replace in one step (VirtualAlloc2,
   MapViewOfFile3: Windows 10, version 1803).  Where these are missing or do not work (Wine 8), the
   range consists of units, reservations of 64 KiB: a view takes the place of units that are
   released first.  In between, another thread may get the addresses; then they are lost to the
   range, and this code never touches them again.

   Any thread; a lock guards the places.  On failure GetLastError () says why.  */
#ifndef MIR_OS_VIEWS_WINDOWS_H
#define MIR_OS_VIEWS_WINDOWS_H

#include <stddef.h> /* size_t */

/* Map LEN bytes of the section HANDLE, whole pages, with PROTECTION, one of PAGE_....  AT is a
   multiple of 64 KiB in a reserved range; NULL: anywhere.  NULL on failure: the range is unchanged,
   or the place is lost.  */
void *mir_os_map_view (void *handle, size_t len, void *at, unsigned long protection);
/* Unmap the view at START.  RESERVED: it lies in a reserved range, and its addresses are reserved
   again, or lost.  Returns 0, or -1 on failure.  */
int mir_os_unmap_view (void *start, size_t len, int reserved);
/* Whether [START, START + LEN) of a range is neither mapped nor lost.  */
int mir_os_is_reserved (void *start, size_t len);

#endif /* MIR_OS_VIEWS_WINDOWS_H */
