# ./dev mutants: small wrong changes to the library, which its tests must catch.  Sourced by ./dev.

# mutants [--again] [-jN] [FOLDER...], mutants draw SEED COUNT
mutants () {
  if [ "${1-}" = draw ]; then
    draw_mutants "$@"
    return
  fi
  options=
  while :; do
    case ${1-} in
    --again | -j[1-9] | -j[1-9][0-9]) options="$options $1" ;;
    *) break ;;
    esac
    shift
  done
  refuse_unknown_folders mutants "$@"
  know_packages
  need_to_build $(needs_mutants)
  python3 -B .ci/mutants.py $options build-mutants "$@"
}

needs_mutants () {
  echo python3=python3 objcopy=binutils
}

draw_mutants () {
  case $#,${2-},${3-} in
  3,*[!0-9]*,* | 3,*,*[!0-9]* | 3,,* | 3,*,) refuse "mutants draw takes a seed and a count, two numbers" ;;
  3,*) ;;
  *) refuse "mutants draw takes a seed and a count, two numbers" ;;
  esac
  [ -f build-coverage/covered ] || die "mutants are drawn from lines that tests reach: ./dev coverage"
  know_packages
  need_to_build $(needs_mutants)
  python3 -B .ci/mutant_draw.py build-mutants build-coverage/covered "$2" "$3"
}

