/* Texts of Windows, UTF-16, and ours, UTF-8.  Windows only.  Any thread.  */

#ifndef MIR_INJECT_PROCESS_UTF16_H
#define MIR_INJECT_PROCESS_UTF16_H

#include <stddef.h> /* wchar_t */

/* UTF-16 for the system and back; for the caller to free; NULL if TEXT is not valid or there is no
   memory.  */
wchar_t *utf16_of (const char *text);
char *utf16_to_utf8 (const wchar_t *text);

#endif
