# What a guest does for a row of tests/kernel/rows: the commands of the columns `switch` and `proof`, and run_row.  Sourced by
# init.  /lab has the programs and the table.
rows=/lab/rows

# put KEY VALUE: as sysctl does.
put () {
  echo "$2" >"/proc/sys/$1"
}

# is KEY VALUE: whether the sysctl reads so.
is () {
  value=$(cat "/proc/sys/$1")
  echo "# $1 is $value"
  [ "$value" = "$2" ]
}

prove () {
  /lab/tests/kernel/prove "$@"
}

# cgroup_of SIZE: this process and all that it starts may have that much memory.
cgroup_of () {
  echo +memory >/sys/fs/cgroup/cgroup.subtree_control &&
    mkdir /sys/fs/cgroup/lab &&
    echo "$1" >/sys/fs/cgroup/lab/memory.max &&
    echo $$ >/sys/fs/cgroup/lab/cgroup.procs
}

in_cgroup () {
  echo "# $(cat /proc/self/cgroup), memory.max $(cat /sys/fs/cgroup/lab/memory.max)"
  grep -qx 0::/lab /proc/self/cgroup
}

# Programs are refused every byte in files that have a folder.
fill_tmpfs () {
  for folder in /tmp /dev/shm /var/tmp /run; do
    mkdir -p "$folder" && mount -t tmpfs -o size=64k none "$folder" || return
    dd if=/dev/zero of="$folder/filler" bs=4096 2>/dev/null && return 1 # it never comes to an end
  done
  return 0
}

# huge_pages PRIVATE SHARED: when the system makes huge pages.
huge_pages () {
  folder=/sys/kernel/mm/transparent_hugepage
  echo "$1" >$folder/enabled && echo "$2" >$folder/shmem_enabled &&
    cat $folder/enabled $folder/shmem_enabled | sed 's/^/# /'
}

# Whether the word $1 of the column `programs` is program $2 of set $3.
means () {
  case $1 in
  all) [ "$3" != kernel ] ;;
  "$2" | "$3") ;;
  *) sed -n "s/^$1 = \(.*\)/ \1 /p" "$rows" | grep -q " $2 " ;;
  esac
}

# Whether the words $3... choose program $1 of set $2.
chooses () {
  name=$1 set=$2 chosen=1
  shift 2
  for word in "$@"; do
    case $word in
    "-$name") return 1 ;;
    *) ! means "$word" "$name" "$set" || chosen=0 ;;
    esac
  done
  return $chosen
}

# Run row $1: print the TAP of its programs, each between a line `# lab: program NAME` and one `# lab: ended NAME STATUS after
# SECONDS s`, and last `# lab: done`.
run_row () {
  row=$1
  echo "# lab: kernel $(uname -r)"
  IFS='|' read -r switch proof words <<LINE
$(sed -n "s/^$row |[^|]*|//p" "$rows")
LINE
  if ! eval "$switch"; then
    echo "# lab: no switch"
  elif ! eval "$proof"; then
    echo "# lab: no proof"
  else
    echo "# lab: proven"
    cd /lab || return
    echo "# lab: backends $(tests/kernel/backends)"
    run_programs $words
  fi
  echo "# lab: done"
}

run_programs () {
  while IFS='|' read -r name set seconds command <&3; do
    chooses "$name" "$set" "$@" || continue
    echo "# lab: program $name"
    began=$(date +%s)
    timeout -s KILL "$seconds" $command 3<&- </dev/null 2>&1
    echo "# lab: ended $name $? after $(($(date +%s) - began)) s"
  done 3<programs
}
