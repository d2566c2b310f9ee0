/* Which CRTs are loaded, and which are loaded later.  Takes the loader lock; not while other
   threads are stopped.  */

#ifndef MIR_UCRT_CRTS_H
#define MIR_UCRT_CRTS_H

/* Take over every wanted CRT that is loaded, and from now on each one loaded later, before its
   DllMain runs.  Returns the number taken over; -1 if one was refused or failed, or ntdll lacks a
   function that is needed.  */
int ucrt_find_crts (void);

#endif
