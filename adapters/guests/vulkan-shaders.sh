#!/bin/sh
# Compiles the shaders of the driver of Vulkan and prints them as vulkan-shaders.h: a driver that compiled them itself
# would need glslang wherever it runs.  Without the number of glslang, which is in the third word.
#
# usage: vulkan-shaders.sh >vulkan-shaders.h
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

words () { # name of the array, file
  glslangValidator -V -g0 -o "$work/code" "$2" >"$work/log" || {
    cat "$work/log" >&2
    exit 1
  }
  echo
  echo "/* $2 */"
  echo "static const uint32_t $1[] = {"
  od -An -v -tx4 -w4 "$work/code" | awk '
    { words = words (NR % 8 == 1 ? "\n    " : " ") "0x" (NR == 3 ? "00000000" : $1) "," }
    END { print substr (words, 2) }'
  echo '};'
}

cat <<'TEXT'
/* The shaders of the driver of Vulkan as SPIR-V, by vulkan-shaders.sh.  */
#ifndef MIR_ADAPTERS_GUESTS_VULKAN_SHADERS_H
#define MIR_ADAPTERS_GUESTS_VULKAN_SHADERS_H

#include <stdint.h>
TEXT
words vertex_words vulkan-triangle.vert
words fragment_words vulkan-triangle.frag
cat <<'TEXT'

#endif /* MIR_ADAPTERS_GUESTS_VULKAN_SHADERS_H */
TEXT
