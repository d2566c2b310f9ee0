# ./dev guests: what libraries ask of their host's allocator, counted with the libraries of this system or of another
# Debian, and the page with the table; and the configuration guests, which tests their adapters.  Sourced by ./dev.

# guests RELEASE...: in minimal userlands of those, made anew; without, here.
guests () {
  for release in "$@"; do
    suite_of "$release" >/dev/null || refuse "guests takes releases of Debian, 12, 13, 14 or sid, or nothing"
  done
  if [ $# -eq 0 ]; then
    guests_here
  else
    need $(needs_debian) python3=python3
    for release in "$@"; do
      guests_in_debian "$release"
    done
  fi
  python3 adapters/guests/table.py page adapters/guests docs/guests.md
}

# The packages of the drivers' libraries, those that this release has; and what the drivers work on.
needs_guests () {
  sed '/^#/d; /^$/d' adapters/guests/guests.list | while read -r name find package other; do
    case $find in
    lib:*) probe=file:/usr/include/${find##*:} ;;
    *) probe=${find%%,*} ;;
    esac
    ! has_or_cannot_tell "$package" || echo "$probe=$package"
  done
  # What libraries read: OpenSSL's settings and the authorities' certificates, a font.
  echo python3=python3 file:/etc/ssl/certs/ca-certificates.crt=ca-certificates file:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf=fonts-dejavu-core
  ! has_or_cannot_tell mesa-vulkan-drivers || echo call:has_lavapipe=mesa-vulkan-drivers
  tests/real/get --here tree-sitter-json >/dev/null 2>&1 || echo npm=npm
}

# Whether this release has package $1; where packages are not installed, the names are for a reader.
has_or_cannot_tell () {
  ! installs || apt_has "$1"
}

has_lavapipe () {
  ls /usr/share/vulkan/icd.d/lvp_icd.*json >/dev/null 2>&1
}

# What the drivers compile and no package has: a grammar.  It can be missing.
get_guests_sources () {
  tests/real/get tree-sitter-json >/dev/null || return 0
  [ ! -f build/build.ninja ] || ninja -C build -t targets all | grep -q '^adapters/guests/guest-tree-sitter:' || look_again
}

guests_here () {
  know_packages
  need_to_build $(needs_guests)
  get_guests_sources
  configure_in build
  compile_in build guests
  python3 adapters/guests/table.py measure adapters/guests $(guest_programs)
}

# The drivers that the target `guests` of directory $1, or build/, compiles, and no other program beside them.
guest_programs () {
  guests_dir=${1-build}
  ninja -C "$guests_dir" -t query guests |
    sed -n "/^  outputs/q; s,^ *|* *\(adapters/guests/guest-[a-z0-9-]*\)\$,$guests_dir/\1,p"
}

# In a Debian of suite $1, with an sshd for the driver of libssh2.
guests_in_debian () {
  suite=$(suite_of "$1")
  debian_dir=$PWD/build-debian-$suite
  mkdir -p "$debian_dir/archives/partial"
  missing=$(tests/support/get-debian "$suite" "$debian_dir" 4000 --cache-dir="$debian_dir/archives" | tail -n 1) || true
  [ -z "$missing" ] || die "$missing"
  set_up_debian
  tests/real/get tree-sitter-json >/dev/null || true # npm is large
  printf '#!/bin/sh\nexit 101\n' >"$debian_dir/debian/usr/sbin/policy-rc.d" # starts no services
  chmod +x "$debian_dir/debian/usr/sbin/policy-rc.d"
  in_debian sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends openssh-server' \
    >"$debian_dir/log" 2>&1 || die "could not install openssh-server, see $debian_dir/log"
  rows=$debian_dir/debian/mir-alloc/adapters/guests
  rm -f "$rows"/*.tsv # of other releases, which may be older than those here
  in_debian ./dev guests
  cp "$rows"/*.tsv adapters/guests
}

test_guests () {
  get_guests_sources
  chosen=--suite=guests
  chosen_tests build plain
  run_script sh adapters/guests/test-rows.sh $(guest_programs)
}
