// A function in a section that is writable and executable.
extern "C" __attribute__ ((section (".open,\"awx\",@progbits#"))) int open_function () {
  return 1;
}
