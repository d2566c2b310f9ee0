"""Chooses the tests that a C library without a C++ library of its own can run: those whose programs, and
whatever else they depend on, are C.  Prints lines `test NAME`, `target PATH`, and `without NAME: REASON`.

usage: c-tests.py BUILD-DIRECTORY FOLDER... [-- TEST...]
  of the tests that the meson.build of these folders declares, without each TEST
"""
import json
import os
import subprocess
import sys

build, *folders = sys.argv[1:]
excluded = []
if '--' in folders:
    folders, excluded = folders[:folders.index('--')], folders[folders.index('--') + 1:]
known = json.loads(subprocess.check_output(['meson', 'introspect', '--tests', '--targets', build]))
targets = {target['id']: target for target in known['targets']}
files = set()


def languages(target):
    return {source['language'] for source in target['target_sources']}


for test in known['tests']:
    needed = [targets[name] for name in test['depends']]
    program = next((target for target in needed if target['filename'][0] == test['cmd'][0]), None)
    if program is None:
        continue  # a script: it tests nothing that depends on the C library
    place = os.path.relpath(os.path.dirname(program['defined_in']))
    if place not in folders or test['name'] in excluded:
        continue
    if any('cpp' in languages(target) for target in needed):
        print(f"without {test['name']}: C++")
        continue
    print(f"test {test['name']}")
    files.update(target['filename'][0] for target in needed)
for file in sorted(files):
    print(f'target {os.path.relpath(file, build)}')
