#!/bin/sh
# Whether the rows of this release are what the drivers count, where all that they need is installed: test-rows.sh
# PROGRAM...  No test of meson's, since other packages than the libraries have a say, for example OpenSSL's settings.
set -eu
here=$(dirname "$0")
exec python3 "$here/test-table.py" "$here/../.." "$@"
