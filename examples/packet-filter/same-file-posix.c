/* Compares files by their device and number.  */
#include "same-file.h"

#include <sys/stat.h>

int is_same_file (const char *a, const char *b) {
  struct stat x, y;
  return stat (a, &x) == 0 && stat (b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
