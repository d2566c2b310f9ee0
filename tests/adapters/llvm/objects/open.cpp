// A function in a section that is writable and executable.
asm (
    ".pushsection .open, \"awx\", @progbits\n"
    ".globl open_function\n"
    ".type open_function, @function\n"
    "open_function:\n"
    "  ret\n"
    ".size open_function, . - open_function\n"
    ".popsection\n");
