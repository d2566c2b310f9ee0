/* Converts between UTF-8 and the UTF-16 of Windows.  Windows only.  Any thread.  */

#ifndef MIR_INJECT_PROCESS_UTF16_H
#define MIR_INJECT_PROCESS_UTF16_H

#include <stddef.h> /* wchar_t */

/* Both return a malloc'ed text, which the caller frees; NULL if TEXT is not valid or there is no
   memory.  A lone surrogate, which a file name may contain, becomes U+FFFD.  */
wchar_t *utf16_of (const char *text);
char *utf16_to_utf8 (const wchar_t *text);

#endif
