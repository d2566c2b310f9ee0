# The configuration kernel: the library's tests on Debian's own kernels, in qemu-system, with switches on that no process
# sets for itself.  tests/kernel/rows has the rows; what is fetched and made stays in build-kernel/.  Sourced by .ci/test.sh.
#
# A row names its machines: releases of Debian, `newest`, `arm64`.  prepare_machine sets for one
#   $machine          its folder, with the kernel
#   $machine_cpu      Debian's name of its CPU
#   $machine_guest    qemu's words for what it boots
#   $machine_missing  the reason why there is none, with status 1

needs_kernel () {
  needs_arch aarch64
  echo qemu-system-x86_64=qemu-system-x86 qemu-system-aarch64=qemu-system-arm python3=python3 dpkg-deb=dpkg
}

# The rows, without the blanks beside their bars.
kernel_rows () {
  sed -n '/^#/d; s/ *| */|/gp' tests/kernel/rows
}

# The rows among the words are a part of $configs' word for kernel, kernel:ROW:...; the words behind them are configurations.
parse_kernel () {
  word=kernel
  while [ $# -gt 0 ] && kernel_rows | cut -d '|' -f 1 | grep -qxF -- "$1"; do
    word=$word:$1
    shift
  done
  configs="$configs $word"
  parse_configs "$@"
}

# The word $1 is one of parse_kernel's.
test_kernel () {
  kernel_dir=$PWD/build-kernel
  mkdir -p "$kernel_dir"
  : >"$kernel_dir/rows.tsv"
  wanted=$(echo "$1" | tr : '\n' | tail -n +2)
  [ -n "$wanted" ] || wanted=$(kernel_rows | cut -d '|' -f 1)
  for row in $wanted; do
    for name in $(kernel_rows | sed -n "s/^$row|\([^|]*\)|.*/\1/p"); do
      kernel_row "$row" "$name"
      note_cost "kernel: $row, $name"
    done
  done
}

# Run row $1 on machine $2.
kernel_row () {
  prepare_machine "$2" || {
    run_script sh tests/support/skip.sh "$1 on $2" "$machine_missing"
    return
  }
  version=$(cat "$machine/version")
  line=$(echo $(kernel_line) "lab=$1" "lab_scale=${TAP_SCALE:-5}")
  kernel_log=$kernel_dir/log/$2-$1
  rm -rf "$kernel_log"
  mkdir -p "$kernel_log"
  echo "== kernel: $1 on $2, Debian's Linux $version"
  run_script tests/kernel/run-row --row "$1" --machine "$2" --version "$version" --log "$kernel_log" \
    --rows "$kernel_dir/rows.tsv" --seconds 900 -- $(emulator) $(serial_lines "$kernel_log") $machine_guest \
    -kernel "$machine/vmlinuz" -append "$line"
}

prepare_machine () {
  machine_missing= machine=
  case $1 in
  12) small_machine bookworm amd64 ;;
  13) small_machine trixie amd64 ;;
  newest) newest_kernel && small_machine "$newest" amd64 ;;
  arm64) small_machine trixie arm64 ;;
  *) die "tests/kernel/rows: no such machine: $1" ;;
  esac
}

# The kernel of suite $1 for CPU $2, and the small guest.
small_machine () {
  machine=$kernel_dir/$1-$2 machine_cpu=$2
  fetch_for_kernel "$1" "$2" "$machine" vmlinuz || return
  pack_guest "$2" || return
  machine_guest="-initrd $kernel_dir/guest-$2.cpio.gz"
}

# Fetch, once a run, what tests/kernel/get is told to.
fetch_for_kernel () {
  case " ${fetched-} " in
  *" $* "*) return ;;
  esac
  progress "fetching from Debian $1 for $2"
  machine_missing=$(tests/kernel/get "$@" 2>&1) || {
    machine_missing=$(echo "$machine_missing" | tail -n 1)
    return 1
  }
  fetched="${fetched-} $*"
}

# Put into $newest the suite with the newest kernel.
newest_kernel () {
  [ -z "${newest-}" ] || return 0
  newest_version=
  for suite in sid trixie-backports; do
    version=$(tests/kernel/get "$suite" amd64 "$kernel_dir/$suite-amd64" --kernel-version 2>&1) || {
      machine_missing=$(echo "$version" | tail -n 1)
      continue
    }
    ! dpkg --compare-versions "$version" gt "$newest_version" || newest=$suite newest_version=$version
  done
  [ -n "${newest-}" ]
}

# Compile the programs for CPU $1 and pack the small guest, once a run.
pack_guest () {
  case " ${packed-} " in
  *" $1 "*) return ;;
  esac
  case $1 in
  arm64)
    guest_build=build-aarch64 guest_libs=/usr/aarch64-linux-gnu/lib
    configure_in build-aarch64 --cross-file cross/aarch64.ini -Dexamples=disabled
    ;;
  *)
    guest_build=build guest_libs=
    configure_in build
    ;;
  esac
  compile_in "$guest_build" $(python3 tests/kernel/pack.py targets "$guest_build")
  fetch_for_kernel trixie "$1" "$kernel_dir/trixie-$1" busybox-static || return
  progress "packing a guest for $1"
  guest=$kernel_dir/guest-$1
  rm -rf "$guest"
  mkdir -p "$guest/bin"
  cp "$kernel_dir/trixie-$1/busybox-static/usr/bin/busybox" "$guest/bin/"
  cp tests/kernel/init "$guest/"
  python3 tests/kernel/pack.py folder "$guest_build" "$guest" $guest_libs
  cp tests/kernel/guest.sh tests/kernel/rows "$guest/lab/"
  python3 tests/kernel/pack.py archive "$guest" "$guest.cpio.gz"
  rm -rf "$guest"
  packed="${packed-} $1"
}

emulator () {
  case $machine_cpu in
  arm64) echo qemu-system-aarch64 -machine virt -accel tcg,thread=multi -cpu max ;;
  *) echo qemu-system-x86_64 $(x86_accelerator) ;;
  esac
  echo -m 1G -smp 2 -nodefaults -no-reboot -display none
}

# Files for the kernel's console and for the TAP, apart, so that no message of the kernel stands in a line of TAP.
serial_lines () {
  echo -serial "file:$1/console" -chardev "file,id=tap,path=$1/tap"
  case $machine_cpu in
  arm64) echo -device pci-serial,chardev=tap ;;
  *) echo -serial chardev:tap ;;
  esac
}

# A slow guest may lose so many timer interrupts that the kernel gives up.
kernel_line () {
  case $machine_cpu in
  arm64) echo console=ttyAMA0 lab_tty=ttyS0 ;;
  *) echo console=ttyS0 lab_tty=ttyS1 no_timer_check ;;
  esac
  echo quiet loglevel=3 panic=-1 nowatchdog rcupdate.rcu_cpu_stall_suppress=1
}

# KVM only where a stock kernel boots under it: a /dev/kvm that can be opened may be one that cannot do all that it should.
x86_accelerator () {
  if [ ! -f "$kernel_dir/accelerator" ]; then
    accelerator='-accel tcg,thread=multi -cpu max'
    if [ -w /dev/kvm ]; then
      timeout 60 qemu-system-x86_64 -accel kvm -cpu host -m 1G -nodefaults -no-reboot -display none \
        -serial "file:$kernel_dir/kvm" $machine_guest -kernel "$machine/vmlinuz" \
        -append 'console=ttyS0 panic=-1 lab=none lab_tty=ttyS0' >/dev/null 2>&1 || true
      ! grep -q '^# lab: done' "$kernel_dir/kvm" || accelerator='-accel kvm -cpu host'
    fi
    echo "$accelerator" >"$kernel_dir/accelerator"
  fi
  cat "$kernel_dir/accelerator"
}
