/* A DLL that another one needs.  */
__declspec (dllexport) int needed_function (void);
int needed_function (void) {
  return 0;
}
