/* Reads command lines by a table of options.  */
#include "text/arguments.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* How far the reading is.  */
struct reading {
  const struct arguments_option *table;
  char **next; /* the argument behind the one that is read */
  int ended;
  char *error;
};

/* Set the error.  -1.  */
static int fail (const struct reading *r, const char *format, ...) {
  va_list args;
  va_start (args, format);
  vsnprintf (r->error, ARGUMENTS_ERROR_MAX, format, args);
  va_end (args);
  return -1;
}

/* The option with the LEN bytes of NAME, or NULL.  */
static const struct arguments_option *named (const struct reading *r, const char *name,
                                             size_t len) {
  for (const struct arguments_option *o = r->table; o->name != NULL; o++)
    if (strlen (o->name) == len && strncmp (o->name, name, len) == 0) return o;
  return NULL;
}

/* The option that LETTER stands for, or NULL.  */
static const struct arguments_option *lettered (const struct reading *r, char letter) {
  for (const struct arguments_option *o = r->table; o->name != NULL; o++)
    if (o->letter == letter) return o;
  return NULL;
}

/* Note that OPTION was given, with VALUE or, if that is NULL, what follows.  0, or -1 after fail.  */
static int take (struct reading *r, const struct arguments_option *option, const char *value) {
  if (option->ends) r->ended = 1;
  if (option->flag != NULL) {
    if (value != NULL) return fail (r, "--%s takes no value", option->name);
    *option->flag = 1;
    return 0;
  }
  const char *next = *r->next;
  if (value == NULL && next != NULL && (next[0] != '-' || next[1] == '\0')) value = *r->next++;
  if (value == NULL || *value == '\0') return fail (r, "--%s needs a value", option->name);
  if (*option->value != NULL) return fail (r, "--%s is given twice", option->name);
  *option->value = value;
  return 0;
}

/* Read the letters of ARG; what is behind one with a value is that value.  0, or -1 after fail.  */
static int read_letters (struct reading *r, const char *arg) {
  for (const char *p = arg + 1; *p != '\0' && !r->ended; p++) {
    const struct arguments_option *option = lettered (r, *p);
    if (option == NULL) return fail (r, "unknown option '-%c'", *p);
    if (option->flag == NULL) return take (r, option, p[1] != '\0' ? p + 1 : NULL);
    if (take (r, option, NULL) != 0) return -1;
  }
  return 0;
}

/* Read the long option ARG.  0, or -1 after fail.  */
static int read_long (struct reading *r, const char *arg) {
  size_t len = strcspn (arg + 2, "=");
  const struct arguments_option *option = named (r, arg + 2, len);
  if (option == NULL) return fail (r, "unknown option '%.100s'", arg);
  return take (r, option, arg[2 + len] == '=' ? arg + 2 + len + 1 : NULL);
}

int arguments_read (const struct arguments_option *table, char **argv,
                    char error[ARGUMENTS_ERROR_MAX]) {
  struct reading r = {.table = table, .next = argv[0] != NULL ? argv + 1 : argv, .error = error};
  int operands = 0, only_operands = 0;
  while (*r.next != NULL && !r.ended) {
    char *arg = *r.next++;
    int status = 0;
    if (only_operands || arg[0] != '-' || arg[1] == '\0')
      argv[operands++] = arg; /* never overtakes r.next */
    else if (strcmp (arg, "--") == 0)
      only_operands = 1;
    else
      status = arg[1] == '-' ? read_long (&r, arg) : read_letters (&r, arg);
    if (status != 0) return -1;
  }
  return operands;
}
