/* Command lines, for the two tools: --NAME, --NAME=VALUE, --NAME VALUE, -L, -LVALUE, -L VALUE, letters
   together, and -- before what may begin with a dash.

   option    what a table of the tool's names
   operand   any other argument; "-" is one

   One thread.  */
#ifndef MIR_TEXT_ARGUMENTS_H
#define MIR_TEXT_ARGUMENTS_H

enum { ARGUMENTS_ERROR_MAX = 200 /* bytes */ };

struct arguments_option {
  const char *name;   /* without dashes; NULL: the end of the table */
  char letter;        /* 0: none */
  int ends;           /* nothing behind it is read, as for --help */
  int *flag;          /* set to 1; NULL: the option has a value, */
  const char **value; /* which goes here; NULL before */
};

/* Read the arguments behind ARGV[0], which end with NULL: set what TABLE refers to, and move the
   operands to the front of ARGV.  Returns their number; or -1 with the reason in ERROR, which may have
   any bytes of an argument in it.

   A value is never empty, and is given once.  An argument that begins with a dash is no value of
   the option before it, since that value was rather forgotten; behind a "=" it is one.  */
int arguments_read (const struct arguments_option *table, char **argv,
                    char error[ARGUMENTS_ERROR_MAX]);

#endif /* MIR_TEXT_ARGUMENTS_H */
