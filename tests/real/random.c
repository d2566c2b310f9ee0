/* bcryptprimitives.dll for Rust programs: Wine 8 has none.  They seed hash tables with it, so here
   it counts: the same bytes in every run.  */

int ProcessPrng (unsigned char *data, unsigned long long len);
int ProcessPrng (unsigned char *data, unsigned long long len) {
  static unsigned char next;
  while (len-- > 0) *data++ = next++;
  return 1;
}
