/* Views of sections at given places, and how address space is kept for them.

   A reserved range is made of placeholders, which a view can replace in one step (VirtualAlloc2,
   MapViewOfFile3: Windows 10, version 1803).  Where these do not exist or do not work (Wine 8), it
   is made of reservations of 64 KiB, some of which are released and mapped over.  In between
   another thread may be given the addresses: then they are lost to the range, and nobody touches
   them.  */
#ifndef MIR_OS_VIEWS_WINDOWS_H
#define MIR_OS_VIEWS_WINDOWS_H

#include <stddef.h> /* size_t */

/* Map LEN bytes of the section HANDLE, whole pages, with the protection PAGE_..., at AT in a
   reserved range, a multiple of 64 KiB, or anywhere if it is NULL.  NULL on failure, and then the
   range is as it was, or the place is lost.  */
void *mir_os_map_view (void *handle, size_t len, void *at, unsigned long protection);
/* Unmap it.  RESERVED: its addresses are reserved again, or lost.  0, or -1.  */
int mir_os_unmap_view (void *start, size_t len, int reserved);
/* Whether nothing is mapped at [START, START + LEN) of a range, and it is not lost.  */
int mir_os_is_reserved (void *start, size_t len);

#endif /* MIR_OS_VIEWS_WINDOWS_H */
