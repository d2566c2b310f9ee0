/* Blocks of ours that other modules hand to the system's own heap functions.

   For users of programs which rely on malloc being the process heap, as it is with the UCRT: they
   release blocks of malloc with HeapFree, LocalFree or CoTaskMemFree, which ends the program when
   the block is ours.  Windows' own shell32 and ExplorerFrame, 10.0.22000 to 22621.900, do so when
   a file dialog opens with OneDrive (mimalloc issue 498, gperftools 1490, oneTBB 665).  With
   MIR_UCRT_GUARD=1 the imports of those functions, in every module but this one, lead to functions
   that look whose block it is.  Off by default: programs that do not do this pay for nothing, and
   no import table of others is written.

   Functions that a module finds by GetProcAddress or by delayed loading are not guarded.  */

#ifndef MIR_UCRT_GUARD_H
#define MIR_UCRT_GUARD_H

/* Redirect the imports of all modules, and of those loaded later.  Once, in DllMain; takes the
   loader lock.  Where that fails nothing is guarded, and the program runs as without the
   option.  */
void ucrt_guard (void);

#endif
