# What Wine's own functions, which the DLL leaves alone, answer otherwise than Microsoft's; applied to both.
# Its _set_new_handler sets none, so that _callnewh has nobody to call, whoever asks it.
s/, new handler [0-9]* times for .*//
/^_callnewh/d
# It takes a variable which is not there for an error.
/^_dupenv_s \(0, 0\|22, 0\): NULL/d
