#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct cl_batch {
  uint32_t capacity, size;
  uint32_t shortened; // Vectors below this index may have the length of a frame that was sent.
  uint8_t *octets;
  struct iovec *vectors;
  struct mmsghdr *messages;
};

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (!memory) abort();
  return memory;
}

struct cl_batch *cl_batch_new(uint32_t capacity, uint32_t size) {
  struct cl_batch *batch = allocate(1, sizeof *batch);
  batch->capacity = capacity;
  batch->size = size;
  batch->octets = allocate(capacity, size);
  batch->vectors = allocate(capacity, sizeof *batch->vectors);
  batch->messages = allocate(capacity, sizeof *batch->messages);
  for (uint32_t i = 0; i < capacity; i++) {
    batch->vectors[i] = (struct iovec){batch->octets + (size_t)i * size, size};
    batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
    batch->messages[i].msg_hdr.msg_iovlen = 1;
  }
  return batch;
}

void cl_batch_free(struct cl_batch *batch) {
  if (!batch) return;
  free(batch->octets);
  free(batch->vectors);
  free(batch->messages);
  free(batch);
}

uint8_t *cl_batch_frame(struct cl_batch *batch, uint32_t index) { return batch->octets + (size_t)index * batch->size; }

uint32_t cl_batch_length(const struct cl_batch *batch, uint32_t index) {
  uint32_t length = batch->messages[index].msg_len;
  return length < batch->size ? length : batch->size;
}

void cl_batch_set_length(struct cl_batch *batch, uint32_t index, uint32_t length) {
  batch->vectors[index].iov_len = length < batch->size ? length : batch->size;
  if (index >= batch->shortened) batch->shortened = index + 1;
}

int cl_batch_receive(int fd, struct cl_batch *batch) {
  for (; batch->shortened > 0; batch->shortened--) batch->vectors[batch->shortened - 1].iov_len = batch->size;
  int count = recvmmsg(fd, batch->messages, batch->capacity, MSG_DONTWAIT, NULL);
  return count < 0 ? -errno : count;
}

int cl_batch_send(int fd, struct cl_batch *batch, uint32_t first, uint32_t count) {
  int sent = sendmmsg(fd, batch->messages + first, count, MSG_DONTWAIT);
  return sent < 0 ? -errno : sent;
}

// Linux Documentation/networking/packet_mmap.rst. Blocks of one page: memory in larger pieces may not be there.
enum { RING_SLOT = 128 };

int cl_ring_open(int fd, struct cl_ring *ring, uint32_t count) {
  int version = TPACKET_V2;
  uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE), in_page = page / RING_SLOT;
  count = (count + in_page - 1) / in_page * in_page;
  struct tpacket_req request = {.tp_block_size = page, .tp_block_nr = count / in_page,
                                .tp_frame_size = RING_SLOT, .tp_frame_nr = count};
  if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) ||
      setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request))
    return -errno;
  void *memory = mmap(NULL, (size_t)count * RING_SLOT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return -errno;
  *ring = (struct cl_ring){memory, count, 0};
  return 0;
}

void cl_ring_close(struct cl_ring *ring) {
  if (ring->count) munmap(ring->slots, (size_t)ring->count * RING_SLOT);
}

int cl_ring_receive(int fd, struct cl_ring *ring, struct cl_batch *batch) {
  if (!ring->count) return cl_batch_receive(fd, batch);
  uint32_t count = 0;
  for (; count < batch->capacity; count++) {
    struct tpacket2_hdr *slot = (struct tpacket2_hdr *)(ring->slots + (size_t)ring->next * RING_SLOT);
    if (!(__atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) break;
    uint32_t length = slot->tp_snaplen < batch->size ? slot->tp_snaplen : batch->size;
    memcpy(cl_batch_frame(batch, count), (uint8_t *)slot + slot->tp_mac, length);
    batch->messages[count].msg_len = length;
    __atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    ring->next = ring->next + 1 < ring->count ? ring->next + 1 : 0;
  }
  if (count) return (int)count;
  // No call has received anything, so that none has told it: poll() returns at once until it is asked for.
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length)) return -errno;
  return error ? -error : -EAGAIN;
}

// Protocol 0: the socket is deaf until it is bound, so that no frame can slip in before the filter is on.
int cl_packet_socket(void) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

int cl_packet_filter(int fd, const struct sock_filter *instructions, uint16_t count) {
  struct sock_fprog program = {count, (struct sock_filter *)instructions};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) ? -errno : 0;
}

int cl_packet_bind(int fd, int ifindex, uint16_t ethertype) {
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ethertype), .sll_ifindex = ifindex};
  return bind(fd, (struct sockaddr *)&address, sizeof address) ? -errno : 0;
}

int cl_packet_interface(int fd) {
  struct sockaddr_ll address;
  socklen_t length = sizeof address;
  return getsockname(fd, (struct sockaddr *)&address, &length) ? -errno : address.sll_ifindex;
}

int cl_packet_join(int fd, int ifindex, const uint8_t group[6]) {
  struct packet_mreq request = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6};
  memcpy(request.mr_address, group, 6);
  return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) ? -errno : 0;
}

int cl_packet_drops(int fd) {
  struct tpacket_stats stats;
  socklen_t length = sizeof stats;
  if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length)) return -errno;
  return (int)stats.tp_drops;
}

int cl_receive_buffer(int fd, int octets) {
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets))
    return -errno;
  int granted = 0;
  socklen_t length = sizeof granted;
  if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &length)) return -errno;
  return granted;
}

int cl_udp6_socket(void) {
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
}

int cl_udp6_membership(int fd, int ifindex, const uint8_t group[16], int join) {
  struct ipv6_mreq request = {.ipv6mr_interface = (unsigned)ifindex};
  memcpy(&request.ipv6mr_multiaddr, group, 16);
  int option = join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP;
  return setsockopt(fd, IPPROTO_IPV6, option, &request, sizeof request) ? -errno : 0;
}

int cl_carrier_socket(int ifindex, uint16_t port) {
  int family = AF_INET6;
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fd = socket(family = AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  int zero = 0, one = 1;
  struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, sizeof ifindex) ||
      (family == AF_INET6 ? bind(fd, (struct sockaddr *)&any6, sizeof any6)
                          : bind(fd, (struct sockaddr *)&any4, sizeof any4))) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

uint32_t cl_socket_drops(int fd) {
  uint32_t figures[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof figures;
  return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, figures, &length) ? 0 : figures[SK_MEMINFO_DROPS];
}

int cl_carrier_receive(int fd, uint8_t *octets, uint32_t size, uint8_t source[16]) {
  union {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } from;
  socklen_t length = sizeof from;
  ssize_t count = recvfrom(fd, octets, size, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
  if (count < 0) return -errno;
  if (from.v6.sin6_family == AF_INET6) {
    memcpy(source, &from.v6.sin6_addr, 16);
  } else {
    memset(source, 0, 10);
    memset(source + 10, 0xFF, 2);
    memcpy(source + 12, &from.v4.sin_addr, 4);
  }
  return (int)count;
}

int cl_netlink_socket(uint32_t groups) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

int cl_poll(struct pollfd *fds, uint32_t count, int64_t timeout_nanoseconds) {
  struct timespec timeout = {timeout_nanoseconds / 1000000000, timeout_nanoseconds % 1000000000};
  int ready = ppoll(fds, count, timeout_nanoseconds < 0 ? NULL : &timeout, NULL);
  return ready < 0 ? -errno : ready;
}

int64_t cl_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void cl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

void cl_keep_memory_small(void) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  mallopt(M_TRIM_THRESHOLD, 128 * 1024);
#endif
}

// Whether all pages from `first` to `end` are what the file has: no relocation, breakpoint or uprobe was written into one.
static int is_pristine(int pagemap, uintptr_t first, uintptr_t end, uintptr_t page) {
  uint64_t entries[512]; // Linux Documentation/admin-guide/mm/pagemap.rst
  while (first < end) {
    size_t count = (end - first) / page < 512 ? (end - first) / page : 512;
    if (pread(pagemap, entries, count * sizeof *entries, (off_t)(first / page * sizeof *entries)) != (ssize_t)(count * sizeof *entries)) return 0;
    for (size_t i = 0; i < count; i++) {
      int is_there = entries[i] >> 62 != 0, is_of_file = entries[i] >> 61 & 1;
      if (is_there && !is_of_file) return 0;
    }
    first += count * page;
  }
  return 1;
}

static int release_object(struct dl_phdr_info *object, size_t size, void *pagemap) {
  (void)size;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    // Whole pages of the segment: its first and last may be shared with another one.
    uintptr_t start = object->dlpi_addr + segment->p_vaddr;
    uintptr_t first = (start + page - 1) & ~(page - 1), end = (start + segment->p_memsz) & ~(page - 1);
    if (first < end && is_pristine(*(int *)pagemap, first, end, page)) madvise((void *)first, end - first, MADV_DONTNEED);
  }
  return 0;
}

void cl_release_program(void) {
  int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) return;
  dl_iterate_phdr(release_object, &pagemap);
  close(pagemap);
}

int cl_terminal_columns(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
