#!/bin/sh
# Compile the filters in filters/ again, with tcpdump.  Needs neither an interface nor root.
#
# usage: make-filters.sh [DIRECTORY]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$here/filters}

filter () { # name expression
  {
    echo "# $2" | fold -s -w 98 | sed '2,$s/^/#   /; s/ *$//'
    tcpdump -ddd -y EN10MB "$2" 2>/dev/null
  } >"$to/$1.bpf"
}

filter arp 'arp'
filter ping 'icmp[icmptype] == icmp-echo or icmp6 and ip6[40] == 128'
filter web 'tcp port 80'
filter http 'tcp src port http or tcp dst port http' # the same program in other words
filter dns-answers 'udp src port 53 and udp[10] & 0x80 != 0'
filter open-or-close 'tcp[tcpflags] & (tcp-syn | tcp-fin) != 0 and dst net 192.0.2.0/24'
filter http-data 'tcp port 80 and ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0'
filter large 'ip[2:2] - ((ip[0] & 0xf) << 2) > 500'
filter ports 'portrange 8000-9999 or udp portrange 5000-5010'
filter vlan-tcp 'vlan 5 and tcp and net 198.51.100.0/24'
filter ipv6-services 'ip6 and net 2001:db8::/32 and (tcp dst port 80 or 8080 or udp port 53)'
filter fragments 'ip[6:2] & 0x3fff != 0 or ip6[6] == 44'
filter options 'ip[0] & 0xf > 5'
filter one-in-eight 'ip[4:2] % 8 == 3 and len / 2 >= 40'

# A long blacklist: 24 hosts, each with its own ports.
blacklist=
for host in $(seq 16 39); do
  blacklist="$blacklist${blacklist:+ or }host 192.0.2.$host and (port $((host % 3 * 8000 + 80)) or icmp)"
done
filter blacklist "$blacklist"
