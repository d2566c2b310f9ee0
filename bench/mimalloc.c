/* Prints the version of mimalloc with which the benchmarks are linked, for run.sh.  */
#include <mimalloc.h>
#include <stdio.h>

/* mi_version is 30401 for 3.4.1; before 3.0 it was 212 for 2.1.2.  */
int main (void) {
  int version = mi_version ();
  if (version < 10000)
    printf ("%d.%d.%d\n", version / 100, version / 10 % 10, version % 10);
  else
    printf ("%d.%d.%d\n", version / 10000, version / 100 % 100, version % 100);
  return 0;
}
