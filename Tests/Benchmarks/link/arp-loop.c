// The yardstick: the smallest ARP responder in C that does what the speaker's fast path does. One thread, poll,
// batches of 64 from a receive ring, sendmmsg, a kernel filter for the owned row of addresses, a hash table of owned addresses.
//
//   arp-loop INTERFACE FIRST_ADDRESS COUNT [RECEIVE_BUFFER]
//
// With a RECEIVE_BUFFER there is no ring: recvmmsg.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { BATCH = 64, FRAME = 128, SLOTS = 1 << 15, WAITING = 8192 };
static uint32_t owned[SLOTS];

static uint32_t slot(uint32_t address) { return address * 2654435769u >> 17; }

static int owns(uint32_t address) {
  for (uint32_t i = slot(address);; i = (i + 1) % SLOTS) {
    if (owned[i] == address) return 1;
    if (!owned[i]) return 0;
  }
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

int main(int argc, char **argv) {
  struct in_addr first;
  if (argc < 4 || argc > 5 || inet_pton(AF_INET, argv[2], &first) != 1) return 2;
  uint32_t low = ntohl(first.s_addr), count = (uint32_t)atol(argv[3]);
  for (uint32_t n = 0; n < count; n++) {
    uint32_t i = slot(low + n);
    while (owned[i]) i = (i + 1) % SLOTS;
    owned[i] = low + n;
  }
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), buffer = argc == 5 ? atoi(argv[4]) : 0;
  if (fd < 0) die("socket");
  uint32_t index = if_nametoindex(argv[1]);
  struct sock_filter code[] = {
      {0x20, 0, 0, 0xFFFFF008}, {0x15, 0, 8, index},       // not to an interface above
      {0x30, 0, 0, 0xFFFFF004}, {0x15, 6, 0, 3},           // not to another host
      {0x28, 0, 0, 20},         {0x15, 0, 4, 1},           // a request
      {0x20, 0, 0, 38},         {0x35, 0, 2, low},         // for one of the row
      {0x25, 1, 0, low + count - 1}, {6, 0, 0, 0x40000}, {6, 0, 0, 0}};
  struct sock_fprog program = {11, code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) die("filter");
  uint8_t *ring = NULL;
  if (buffer) {
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer))
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  } else {
    int version = TPACKET_V2;
    struct tpacket_req shape = {4096, WAITING / 32, FRAME, WAITING};
    if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) ||
        setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape))
      die("ring");
    ring = mmap(NULL, WAITING * FRAME, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED) die("mmap");
  }
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP),
                                .sll_ifindex = (int)index};
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) die("bind");
  struct ifreq request = {0};
  strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFHWADDR, &request)) die("hardware address");
  const uint8_t *own = (const uint8_t *)request.ifr_hwaddr.sa_data;

  static uint8_t in[BATCH][FRAME], out[BATCH][42];
  struct iovec in_vectors[BATCH], out_vectors[BATCH];
  struct mmsghdr in_messages[BATCH] = {0}, out_messages[BATCH] = {0};
  for (int i = 0; i < BATCH; i++) {
    in_vectors[i] = (struct iovec){in[i], FRAME};
    out_vectors[i] = (struct iovec){out[i], 42};
    in_messages[i].msg_hdr = (struct msghdr){.msg_iov = &in_vectors[i], .msg_iovlen = 1};
    out_messages[i].msg_hdr = (struct msghdr){.msg_iov = &out_vectors[i], .msg_iovlen = 1};
  }
  for (uint32_t next = 0;;) {
    struct pollfd ready = {fd, POLLIN, 0};
    poll(&ready, 1, -1);
    for (int turn = 0; turn < 8; turn++) {
      int received = ring ? 0 : recvmmsg(fd, in_messages, BATCH, MSG_DONTWAIT, NULL), replies = 0;
      for (; ring && received < BATCH; received++, next = (next + 1) % WAITING) {
        struct tpacket2_hdr *place = (struct tpacket2_hdr *)(ring + next * FRAME);
        if (!(__atomic_load_n(&place->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) break;
        memcpy(in[received], (uint8_t *)place + place->tp_mac, in_messages[received].msg_len = place->tp_snaplen);
        __atomic_store_n(&place->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
      }
      for (int i = 0; i < received; i++) {
        static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 1};
        uint32_t target;
        memcpy(&target, in[i] + 38, 4);
        if (in_messages[i].msg_len < 42 || memcmp(in[i] + 14, head, 8) || !owns(ntohl(target))) continue;
        uint8_t *reply = out[replies++];
        memcpy(reply, in[i] + 22, 6);
        memcpy(reply + 6, own, 6);
        memcpy(reply + 12, in[i] + 12, 10);
        reply[21] = 2;
        memcpy(reply + 22, own, 6);
        memcpy(reply + 28, in[i] + 38, 4);
        memcpy(reply + 32, in[i] + 22, 10);
      }
      if (replies) sendmmsg(fd, out_messages, (unsigned)replies, MSG_DONTWAIT);
      if (received < 4) break;
    }
  }
}
