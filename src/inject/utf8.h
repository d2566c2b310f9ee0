/* Texts of others which are said to be UTF-8.  Any thread.  */

#ifndef MIR_INJECT_UTF8_H
#define MIR_INJECT_UTF8_H

#include <stddef.h> /* size_t */
#include <stdio.h>  /* FILE */

/* The bytes of the character at TEXT, by RFC 3629: no overlong form, no surrogate, nothing above
   U+10FFFF. 0: there is none; the 0 at the end is a character.  */
unsigned utf8_length (const char *text);

/* Make what is in the SIZE bytes at TEXT end there and fit for a terminal: '?' instead of control
   characters and of what is not UTF-8.  */
void utf8_clean (char *text, size_t size);

/* TEXT as a JSON string, with its quotes.  What is not UTF-8 becomes U+FFFD.  */
void utf8_print_json (FILE *out, const char *text);

#endif
