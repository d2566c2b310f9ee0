#!/bin/sh
# A test that cannot run here.  Arguments: its name and the reason.
set -eu
. "$(dirname "$0")/tap.sh"
skip "$1" "$2"
finish
