/* A program which does nothing: what is counted in it are the C runtime's own beginning and end. */

int main (void) {
  return 0;
}
