/* A file that is there when it is whole: written beside its place, then renamed.

   What is no plain file, a pipe or a device, is written as it is; "-" is standard output.  */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdarg.h>
#include <stddef.h> /* size_t */
#include <stdint.h>
#include <stdio.h>

enum { OUTPUT_PATH_MAX = 4096 /* bytes */ };

struct output {
  const char *path;
  FILE *stream;
  char temporary[OUTPUT_PATH_MAX]; /* empty: the file is written in its place */
};

#ifdef __GNUC__
#define OUTPUT_FORMAT(FORMAT, ARGS) __attribute__ ((format (printf, FORMAT, ARGS)))
#else
#define OUTPUT_FORMAT(FORMAT, ARGS)
#endif

/* 0, or -1 with errno.  PATH must stay as it is.  */
int output_open (struct output *output, const char *path);
/* 0; or -1 with errno, and then PATH is as it was if it is a plain file.  */
int output_close (struct output *output);
/* Leave PATH as it was.  */
void output_drop (struct output *output);

void output_print (struct output *output, const char *format, ...) OUTPUT_FORMAT (2, 3);
/* TEXT as the text or a quoted attribute of HTML.  */
void output_html (struct output *output, const char *text);
/* TEXT as a JSON string with its quotes, which may stand in HTML's script element.  */
void output_json (struct output *output, const char *text);

#endif /* OUTPUT_H */
