/* A DLL for another one to need.  */
__declspec(dllexport) int needed_function (void);
int needed_function (void) {
  return 0;
}
