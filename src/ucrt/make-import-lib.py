# Makes an import library of exactly the functions that the DLL calls, for any CPU.
# make-import-lib.py DLLTOOL MACHINE DLL IMPORTS LIBRARY; a line of IMPORTS is NAME [BYTES [MACHINE,...]]: BYTES of
# parameters on 32-bit x86 if the function pops them itself (stdcall), else -.
import os, subprocess, sys

dlltool, machine, dll, imports, library = sys.argv[1:]
x86 = machine == 'i386'
names = []
for line in open(imports):
    name, size, only = (line.split('#')[0].split() + ['', '', ''])[:3]
    if name and (not only or machine in only.split(',')):
        names.append(name + ('@' + size if x86 and size.isdigit() else ''))
definition = library + '.def'
with open(definition, 'w') as out:
    out.write('LIBRARY "%s"\nEXPORTS\n%s\n' % (dll, '\n'.join(names)))
command = [dlltool, '-m', machine, '-d', definition, '-l', library, '-D', dll]
subprocess.check_call(command + (['-k'] if x86 else []))
os.remove(definition)
