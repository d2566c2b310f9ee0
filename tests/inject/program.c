/* A program with what an edit could break: thread-local data, relocations, arguments.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"one", "two", "three"}; /* pointers: base relocations */
static __thread int local = 7;

int main (int argc, char **argv) {
  char *text = malloc (100);
  if (text == NULL) return 1;
  strcpy (text, words[argc % 3]);
  for (int i = 1; i < argc; i++) strcat (text, argv[i]);
  printf ("%s %d\n", text, local += argc);
  free (text);
  return argc;
}
