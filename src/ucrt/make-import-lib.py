# An import library of the functions we call and no other, for any CPU.
# make-import-lib.py DLLTOOL MACHINE DLL IMPORTS LIBRARY; a line of IMPORTS: NAME [BYTES [MACHINE]], the bytes of
# the parameters on 32-bit x86 if the function takes them off the stack itself (stdcall), else -.
import os, subprocess, sys

dlltool, machine, dll, imports, library = sys.argv[1:]
x86 = machine == 'i386'
names = []
for line in open(imports):
    name, size, only = (line.split('#')[0].split() + ['', '', ''])[:3]
    if name and only in ('', machine):
        names.append(name + ('@' + size if x86 and size.isdigit() else ''))
definition = library + '.def'
with open(definition, 'w') as out:
    out.write('LIBRARY "%s"\nEXPORTS\n%s\n' % (dll, '\n'.join(names)))
command = [dlltool, '-m', machine, '-d', definition, '-l', library, '-D', dll]
subprocess.check_call(command + (['-k'] if x86 else []))
os.remove(definition)
