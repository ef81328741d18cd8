// What Glibc's module map hides from Swift: packet sockets, classic BPF, rtnetlink.
// No _GNU_SOURCE here: with it, glibc's transparent-union socket calls become ambiguous with the Glibc module's.
#ifndef CLINUX_H
#define CLINUX_H
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <sys/eventfd.h>
#endif
