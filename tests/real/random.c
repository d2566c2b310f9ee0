/* Replaces bcryptprimitives.dll, which Wine 8 lacks, for Rust programs.  They seed hash tables with
   it, so it returns the same bytes in every run.  */

int ProcessPrng (unsigned char *data, unsigned long long len);
int ProcessPrng (unsigned char *data, unsigned long long len) {
  static unsigned char next;
  while (len-- > 0) *data++ = next++;
  return 1;
}
