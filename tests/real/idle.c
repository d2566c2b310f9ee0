/* A program that does nothing: what is counted in it is the start and the end of the C runtime.  */

int main (void) {
  return 0;
}
