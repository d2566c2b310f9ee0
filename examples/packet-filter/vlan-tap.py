#!/usr/bin/env python3
"""802.1Q in user space: a VLAN interface for kernels without the module.

usage: vlan-tap.py INTERFACE VLAN TAP

Creates the interface TAP.  Frames that programs send there leave on INTERFACE with the tag of the
VLAN; frames that arrive on INTERFACE with that tag appear on TAP without it.  Runs until killed.
"""

import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
ETH_P_ALL, ETH_P_8021Q = 0x0003, 0x8100
SOL_PACKET, PACKET_AUXDATA = 263, 8
TP_STATUS_VLAN_VALID = 0x10
MACS = 12  # bytes: destination and source, which the tag follows

interface, vlan, tap_name = sys.argv[1], int(sys.argv[2]), sys.argv[3]

tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", tap_name.encode(), IFF_TAP | IFF_NO_PI))

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
wire.bind((interface, ETH_P_ALL))
wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)

while True:
    ready, _, _ = select.select([tap, wire], [], [])
    if tap in ready:
        frame = os.read(tap, 2048)
        wire.send(frame[:MACS] + struct.pack("!HH", ETH_P_8021Q, vlan) + frame[MACS:])
    if wire in ready:
        # The kernel takes the tag off the frame and passes it as auxiliary data.
        frame, told, _, address = wire.recvmsg(65536, 256)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        for level, kind, data in told:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data)
                if status & TP_STATUS_VLAN_VALID and tci & 0xFFF == vlan:
                    os.write(tap, frame)
