"""Prints the targets that tests need, for ninja: targets.py BUILD-DIRECTORY [--suite=NAME | --no-suite=NAME]...

The options are meson test's, which compiles everything before it chooses."""
import json
import os
import subprocess
import sys

build, *options = sys.argv[1:]
wanted, unwanted = set(), set()
for option in options:
    name, suite = option.split('=')
    {'--suite': wanted, '--no-suite': unwanted}[name].add(suite)
known = json.loads(subprocess.check_output(['meson', 'introspect', '--tests', '--targets', build]))
targets = {target['id']: target['filename'][0] for target in known['targets']}
files = set()
for test in known['tests']:
    suites = {suite.rpartition(':')[2] for suite in test['suite']}
    if not suites & unwanted and (not wanted or suites & wanted):
        files.update(targets[name] for name in test['depends'])
for file in sorted(files):
    print(os.path.relpath(file, build))
