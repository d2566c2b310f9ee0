# ./dev coverage: which lines and branches of each folder its tests reach.  Sourced by ./dev.

# Clang, and LLVM's tools of the same version.
needs_coverage () {
  needs_clang
  echo call:reads_profiles="llvm${version:+-${version%%.*}}" python3=python3
}

# Whether the tools that belong to clang are here.
reads_profiles () {
  is_there "$(clang -print-prog-name=llvm-cov)" && is_there "$(clang -print-prog-name=llvm-profdata)"
}

# coverage [FOLDER...]: a table; coverage lines NAME...: what the last run did not reach in these files and folders.
coverage () {
  case ${1-} in
  lines)
    [ $# -gt 1 ] || refuse "coverage lines takes files and folders of the sources"
    shift
    python3 -B .ci/coverage.py lines build-coverage "$@"
    return
    ;;
  esac
  refuse_unknown_folders coverage "$@"
  know_packages
  need_to_build $(needs_coverage)
  counts=-fprofile-instr-generate
  maps="$counts -fcoverage-mapping -mllvm -runtime-counter-relocation"
  export LLVM_PROFILE_FILE=/dev/null # of what meson and ninja run themselves
  CC=clang CXX=clang++ configure_in build-coverage -Doptimization=1 -Dexamples=disabled -Dc_args="$maps" \
    -Dcpp_args="$maps" -Dc_link_args=$counts -Dcpp_link_args=$counts
  python3 -B .ci/coverage.py run build-coverage "$@"
}

# Refuse what is not in tests/folders, for the command $1.
refuse_unknown_folders () {
  asked=$1
  shift
  for folder in "$@"; do
    cut -d: -f1 tests/folders | grep -qxF -- "$folder" || refuse "$asked takes names that tests/folders has: $folder"
  done
}
