/* Untrusted text that should be UTF-8.  Any thread.  */

#ifndef MIR_TEXT_UTF8_H
#define MIR_TEXT_UTF8_H

#include <stddef.h> /* size_t */
#include <stdio.h>  /* FILE */

/* The number of bytes of the character at TEXT as RFC 3629 has it: no overlong form, no surrogate,
   nothing above U+10FFFF.  0 if the bytes are not UTF-8; 1 for the 0 at the end.  */
unsigned utf8_length (const char *text);

/* Make the text in the SIZE bytes at TEXT safe for a terminal: it ends within SIZE, and '?'
   replaces control characters and bytes that are not UTF-8.  */
void utf8_clean (char *text, size_t size);

/* Print TEXT as a JSON string with its quotes.  U+FFFD replaces bytes that are not UTF-8.  */
void utf8_print_json (FILE *out, const char *text);

#endif
