// What Glibc's module map hides from Swift: packet sockets, classic BPF, rtnetlink, batched I/O, namespaces.
// No _GNU_SOURCE here: with it, glibc's transparent-union socket calls become ambiguous with the Glibc module's.
#ifndef CLINUX_H
#define CLINUX_H
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/types.h>

// Frames that are received and sent in one system call each. `size` octets are kept of each frame.
struct cl_batch;
// Without memory the process ends, as with any Swift allocation.
struct cl_batch *cl_batch_new(uint32_t capacity, uint32_t size);
void cl_batch_free(struct cl_batch *batch);
uint8_t *cl_batch_frame(struct cl_batch *batch, uint32_t index);
// The octets of frame `index` that are there: its whole length, or the batch's `size` when it was longer.
uint32_t cl_batch_length(const struct cl_batch *batch, uint32_t index);
void cl_batch_set_length(struct cl_batch *batch, uint32_t index, uint32_t length);
// Both do not block, and return the number of frames or a negative errno.
int cl_batch_receive(int fd, struct cl_batch *batch);
int cl_batch_send(int fd, struct cl_batch *batch, uint32_t first, uint32_t count);

// Frames of a packet socket in memory that the kernel shares: it fills the slots in turn, and drops what comes while the
// next one is still full. A slot holds 62 octets of a frame: what an ARP packet has, and padding.
// All of it 0: no ring.
struct cl_ring {
  uint8_t *slots;
  uint32_t count, next;
};
// Gives the socket a ring of `count` slots, rounded up to whole pages. 0 or a negative errno.
int cl_ring_open(int fd, struct cl_ring *ring, uint32_t count);
void cl_ring_close(struct cl_ring *ring);
// As cl_batch_receive, which it is without a ring; an error of the socket is told once, when no frame is there.
int cl_ring_receive(int fd, struct cl_ring *ring, struct cl_batch *batch);

// All of these return 0, or a value of use, or a negative errno.
int cl_packet_socket(void);
int cl_packet_filter(int fd, const struct sock_filter *instructions, uint16_t count);
int cl_packet_bind(int fd, int ifindex, uint16_t ethertype);
// The interface that the socket is bound to; -1 for ever once that was deleted or has left the namespace.
int cl_packet_interface(int fd);
int cl_packet_join(int fd, int ifindex, const uint8_t group[6]);
int cl_packet_drops(int fd);
// Asks for a receive buffer of `octets`, by force when that is allowed; returns what the kernel granted.
int cl_receive_buffer(int fd, int octets);
int cl_udp6_socket(void);
int cl_udp6_membership(int fd, int ifindex, const uint8_t group[16], int join);
// UDP on one interface and port, for IPv6 and IPv4 (IPv4 alone where IPv6 is switched off).
int cl_carrier_socket(int ifindex, uint16_t port);
// Datagrams that were dropped since the socket was opened, modulo 2^32; 0 where the kernel does not tell (before 4.12).
uint32_t cl_socket_drops(int fd);
// Receives one datagram; `source` gets 16 octets, IPv4 as ::ffff:a.b.c.d. Returns the length or a negative errno.
int cl_carrier_receive(int fd, uint8_t *octets, uint32_t size, uint8_t source[16]);
int cl_netlink_socket(uint32_t groups);
int cl_poll(struct pollfd *fds, uint32_t count, int64_t timeout_nanoseconds);
int64_t cl_monotonic_nanoseconds(void);
void cl_name_thread(const char *name);
// Few arenas, and freed memory goes back early: for a daemon that rests most of the time. Before any other thread.
void cl_keep_memory_small(void);
// Lets go of the resident pages of the program and its libraries, code and constants. What is used on comes back from
// the page cache at once; what has done its work, such as the dynamic linker's and the start's, does not. A segment that
// was written to (relocations, breakpoints, uprobes) stays.
void cl_release_program(void);
// The width of the terminal that `fd` is, or 0 when it is none.
int cl_terminal_columns(int fd);
#endif
