#!/bin/sh
# A test which cannot be: the arguments are its name and the reason.
set -eu
. "$(dirname "$0")/tap.sh"
skip "$1" "$2"
finish
