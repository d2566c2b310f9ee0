#!/bin/sh
# Record data/loopback.pcap again: real programs talk to each other in two network namespaces of this
# machine, and tcpdump listens between them.  The capture has no packets from outside: addresses are
# those reserved for documentation (RFC 5737, RFC 3849), MAC addresses and names are made up.
#
# usage: record-capture.sh [FILE]      as root, on Linux; about a minute
#
#     left  192.0.2.1    -- veth pair --  right  192.0.2.2, 192.0.2.16 to 192.0.2.47
#           2001:db8::1                          2001:db8::2
#     VLAN  198.51.100.1, 2001:db8:5::1          198.51.100.2, 2001:db8:5::2
#
# The tags of the VLAN are real 802.1Q tags.  vlan-tap.py makes them, so the kernel does not need the
# module 8021q.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/data/loopback.pcap}
left=mir-left right=mir-right vlan=5

for tool in tcpdump ip ethtool ping curl dig dnsmasq nc openssl python3; do
  command -v $tool >/dev/null || { echo "record-capture: $tool is needed" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "record-capture: must run as root" >&2; exit 1; }

work=$(mktemp -d)
chmod 755 "$work" # the TFTP server serves only public files
jobs=
clean_up () {
  [ -z "$jobs" ] || kill $jobs 2>/dev/null || true
  ip netns del $left 2>/dev/null || true
  ip netns del $right 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

on () { # namespace command...: run it there
  ip netns exec "$@"
}
background () { # namespace command...
  ip netns exec "$@" >/dev/null 2>&1 &
  jobs="$jobs $!"
}

# Two namespaces and a wire, without offloading: it would show packets of 64 KB, which no wire carries.
ip netns add $left
ip netns add $right
ip link add wire netns $left address 02:00:00:00:00:01 type veth \
  peer name wire netns $right address 02:00:00:00:00:02
for side in $left $right; do
  on $side ethtool -K wire tso off gso off gro off tx off rx off >/dev/null
  on $side ip link set lo up
done
for side in $left $right; do on $side ip link set wire up; done
background $right tcpdump -i wire -Z root -p -s 128 -w "$work/capture.pcap" -U
tcpdump=$!
sleep 1
on $left ip addr add 192.0.2.1/24 dev wire
on $left ip addr add 2001:db8::1/64 dev wire nodad
on $right ip addr add 192.0.2.2/24 dev wire
on $right ip addr add 2001:db8::2/64 dev wire nodad
for host in $(seq 16 47); do on $right ip addr add 192.0.2.$host/24 dev wire; done

# A second network in the VLAN.
background $left python3 "$here/vlan-tap.py" wire $vlan tap
background $right python3 "$here/vlan-tap.py" wire $vlan tap
sleep 1
on $left ip link set tap address 02:00:00:00:05:01 up
on $right ip link set tap address 02:00:00:00:05:02 up
on $left ip addr add 198.51.100.1/24 dev tap
on $left ip addr add 2001:db8:5::1/64 dev tap nodad
on $right ip addr add 198.51.100.2/24 dev tap
on $right ip addr add 2001:db8:5::2/64 dev tap nodad

# Servers on the right.
mkdir "$work/www"
for size in 300 5000 100000; do head -c $size /dev/zero | tr '\0' 'x' >"$work/www/$size"; done
for port in 80 8080; do
  background $right python3 -m http.server --bind :: --directory "$work/www" $port
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
  -subj /CN=example.test -keyout "$work/key" -out "$work/cert" 2>/dev/null
background $right openssl s_server -quiet -WWW -accept 443 -key "$work/key" -cert "$work/cert"
background $right dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
  --user=root --pid-file= --address=/example.test/192.0.2.2 --address=/example.test/2001:db8::2 \
  --enable-tftp --tftp-root="$work/www"
background $right nc -l -k 9000
background $right nc -u -l -k 5004
sleep 2

# Clients on the left.  The script ignores their failures: some are meant to fail.
get () { on $left curl -s -o /dev/null --max-time 10 "$@" || true; }
left () { on $left "$@" >/dev/null 2>&1 || true; }

left ping -c 30 -i 0.02 192.0.2.2
left ping -c 30 -i 0.02 2001:db8::2
left ping -c 5 -i 0.02 -R 192.0.2.2             # IPv4 options
left ping -c 8 -i 0.02 -s 4000 192.0.2.2        # fragments
left ping -c 8 -i 0.02 -s 4000 2001:db8::2
left ping -c 2 -i 0.2 ff02::1%wire
left ping -c 2 -i 0.2 -b 192.0.2.255
for host in $(seq 16 47); do
  get http://192.0.2.$host/300
  left ping -c 3 -i 0.02 192.0.2.$host
done
for size in 300 5000 5000 100000; do
  for port in 80 8080; do
    get http://192.0.2.2:$port/$size
    get "http://[2001:db8::2]:$port/$size"
    get http://198.51.100.2:$port/$size
    get "http://[2001:db8:5::2]:$port/$size"
  done
done
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
  get http://192.0.2.2/no-such-file
  get -T "$work/www/5000" http://192.0.2.2/upload
done
cd "$work/www" # s_server -WWW serves this folder; the answers do not matter
for i in 1 2 3 4 5 6 7 8; do get -k https://192.0.2.2/300; done
get tftp://192.0.2.2/5000
get tftp://192.0.2.2/100000
for name in a b c d e f g h i j k l m n o p; do
  for type in A AAAA MX; do left dig +tries=1 +time=1 @192.0.2.2 $name.example.test $type; done
  left dig +tries=1 +time=1 @2001:db8::2 $name.example.test A
  left dig +tries=1 +time=1 +tcp @192.0.2.2 $name.example.test A
  left dig +tries=1 +time=1 @198.51.100.2 $name.example.test A
done
left ping -c 30 -i 0.02 198.51.100.2
left ping -c 30 -i 0.02 2001:db8:5::2
for i in 1 2 3 4 5 6 7 8; do
  head -c 40000 "$work/www/100000" | left nc -N -w 2 192.0.2.2 9000
  (for chunk in 1 2 3 4 5 6 7 8; do
    head -c 700 "$work/www/100000"; sleep 0.02
  done) | left nc -u -w 1 192.0.2.2 5004
  left nc -w 1 192.0.2.2 7                       # refused: a TCP reset
  echo ? | left nc -u -w 1 192.0.2.2 7           # refused: ICMP unreachable
done

sleep 1
kill -INT $tcpdump
wait $tcpdump || true
mkdir -p "$(dirname "$out")"
cp "$work/capture.pcap" "$out"
tcpdump -r "$out" --count 2>/dev/null
