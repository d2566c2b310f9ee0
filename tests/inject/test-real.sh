#!/bin/sh
# mir-inject on third-party programs and DLLs: lists as objdump and llvm-readobj do, injects, verifies, and restores
# every byte.  Prints TAP; packages that cannot be fetched are skipped with the reason.
#
# usage: test-real.sh MIR-INJECT GET [FOLDER...]   (GET: tests/real/get; folders with more images)
set -u
. "$(dirname "$0")/../support/tap.sh"
tool=$1 get=$2
shift 2
readobj=$(command -v llvm-readobj || command -v llvm-readobj-14)
objdump=$(command -v x86_64-w64-mingw32-objdump || command -v objdump)
cd "$work" || exit 1
all=0

explain () {
  cat wrong
}

modules () { "$tool" -l "$1" 2>err | sed -n '/^delayed/q; s/^ *[0-9]*: //p'; }

# llvm-readobj knows every CPU, objdump only those that it was built for.
same_as_others () {
  modules "$1" >ours
  if [ -n "$readobj" ]; then
    "$readobj" --coff-imports "$1" 2>>err |
      awk '/^Import [{]/ { on = 1 } /^DelayImport/ { on = 0 } on && $1 == "Name:" { sub (/^ *Name: /, ""); print; on = 0 }' |
      cmp - ours >>err 2>&1 || return 1
  fi
  "$objdump" -p "$1" >dumped 2>/dev/null || return 0
  sed -n 's/^[\t ]*DLL Name: //p' dumped | cmp - ours >>err 2>&1
}

one () {
  : >err
  rm -f in.exe out.exe back.exe
  ln -s "$1" in.exe
  why='lists other modules than other tools'
  same_as_others in.exe || return 1
  why='is not injected into'
  "$tool" -o out.exe in.exe >>err 2>&1 || return 1
  why='has a list which other tools do not see'
  same_as_others out.exe && [ "$(head -n 1 ours)" = mir-ucrt.dll ] || return 1
  why='would not be loaded'
  "$tool" --verify out.exe >verified 2>>err
  ! grep -E '^  no    (layout|imports|order)' verified >>err || return 1
  why='does not come back byte for byte'
  "$tool" --eject -o back.exe out.exe >>err 2>&1 && cmp back.exe in.exe >>err || return 1
}

folder () { # name, folder: every image in it
  images=0 good=0
  find "$2" -type f \( -iname '*.exe' -o -iname '*.dll' -o -iname '*.node' \) >files
  while read -r file; do
    head -c 2 "$file" | grep -q '^MZ' || continue
    images=$((images + 1))
    if one "$file"; then good=$((good + 1)); else
      echo "$why: $file"
      tail -n 3 err
    fi
  done <files >wrong
  all=$((all + images))
  [ $images -gt 0 ] && [ $good = $images ]
  result $? "$1: $good of $images images"
}

for name in poppler hermes ast-grep biome node-pty 7zip java node postgres remotion; do
  if path=$("$get" $name 2>reason); then
    folder $name "$path"
  else
    skip $name "$(tail -n 1 reason)"
  fi
done
for path; do folder "$path" "$path"; done

echo "# $all images"
finish
