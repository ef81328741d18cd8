// arp-witness: a client that asks for addresses by ARP at a steady rate, and writes down who answers, and when.
//
//   arp-witness INTERFACE SOURCE-ADDRESS FIRST-ADDRESS COUNT PERIOD-MICROSECONDS broadcast|unicast
//
// Asks for COUNT consecutive addresses in turn, one request per period, until standard input ends or SIGTERM. One line
// for each answer, on standard output: `R nanoseconds address hardware-address` (CLOCK_MONOTONIC, when the answer was
// read), `A …` for each announcement of one of the addresses, and `L nanoseconds lateness` when the witness itself asked
// more than 2 ms late. `unicast` asks whoever answered or announced last, as
// a host that renews its ARP cache does (RFC 1122 §2.3.2.1), by broadcast only until it knows somebody.
// Independent of Herald's own code on purpose.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct frame {
  struct ether_header ethernet;
  struct ether_arp arp;
} __attribute__((packed));

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "arp-witness: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint32_t host_order(const uint8_t *address) {
  uint32_t value;
  memcpy(&value, address, 4);
  return ntohl(value);
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: arp-witness INTERFACE SOURCE FIRST COUNT PERIOD-MICROSECONDS broadcast|unicast\n");
    return 64;
  }
  struct in_addr source, first;
  uint32_t count = (uint32_t)atoi(argv[4]);
  int64_t period = atoll(argv[5]) * 1000;
  int unicast = strcmp(argv[6], "unicast") == 0;
  if (!inet_aton(argv[2], &source) || !inet_aton(argv[3], &first) || count < 1 || count > 65536 || period < 1000) {
    fprintf(stderr, "arp-witness: bad address, count or period\n");
    return 64;
  }
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ARP));
  if (fd < 0) fail("socket");
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFINDEX, &request) < 0) fail(argv[1]);
  struct sockaddr_ll link = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = request.ifr_ifindex};
  if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) fail(argv[1]);
  if (bind(fd, (struct sockaddr *)&link, sizeof link) < 0) fail("bind");
  int size = 1 << 22;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  uint8_t(*known)[6] = calloc(count, 6);
  uint8_t *is_known = calloc(count, 1);
  if (!known || !is_known) fail("memory");
  static char buffer[1 << 16];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);

  // Before everybody else, where that is allowed: what is late must be who answers, not who asks.
  struct sched_param priority = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_FIFO, &priority);

  struct frame ask;
  memset(&ask, 0, sizeof ask);
  memcpy(ask.ethernet.ether_shost, request.ifr_hwaddr.sa_data, 6);
  ask.ethernet.ether_type = htons(ETHERTYPE_ARP);
  ask.arp.arp_hrd = htons(ARPHRD_ETHER);
  ask.arp.arp_pro = htons(ETHERTYPE_IP);
  ask.arp.arp_hln = 6;
  ask.arp.arp_pln = 4;
  ask.arp.arp_op = htons(ARPOP_REQUEST);
  memcpy(ask.arp.arp_sha, request.ifr_hwaddr.sa_data, 6);
  memcpy(ask.arp.arp_spa, &source, 4);

  int64_t next = now(), flush = next;
  uint32_t index = 0;
  for (;;) {
    int64_t time = now();
    if (time - next > 2000000LL) printf("L %lld %lld\n", (long long)time, (long long)(time - next));
    while (time >= next) {
      uint32_t target = htonl(ntohl(first.s_addr) + index);
      memcpy(ask.arp.arp_tpa, &target, 4);
      if (unicast && is_known[index]) {
        memcpy(ask.ethernet.ether_dhost, known[index], 6);
      } else {
        memset(ask.ethernet.ether_dhost, 0xFF, 6);
      }
      if (send(fd, &ask, sizeof ask, 0) < 0 && errno != ENETDOWN && errno != ENOBUFS) fail("send");
      index = (index + 1) % count;
      next += period;
      // After a pause of this very process: no burst.
      if (time - next > 50000000LL) next = time + period;
    }
    if (time - flush > 100000000LL) {
      fflush(stdout);
      flush = time;
    }
    struct pollfd descriptors[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    struct timespec wait = {0, next > time ? next - time : 0};
    if (ppoll(descriptors, 2, &wait, NULL) < 0 && errno != EINTR) fail("poll");
    if (descriptors[1].revents) {
      char byte;
      if (read(0, &byte, 1) <= 0) break;
    }
    for (;;) {
      struct frame answer;
      ssize_t length = recv(fd, &answer, sizeof answer, MSG_DONTWAIT);
      if (length < 0) break;
      if (length < (ssize_t)sizeof answer) continue;
      uint32_t offset = host_order(answer.arp.arp_spa) - ntohl(first.s_addr);
      if (offset >= count) continue;
      int is_announcement = memcmp(answer.arp.arp_spa, answer.arp.arp_tpa, 4) == 0;
      int is_answer = ntohs(answer.arp.arp_op) == ARPOP_REPLY && memcmp(answer.arp.arp_tpa, &source, 4) == 0;
      if (!is_announcement && !is_answer) continue;
      memcpy(known[offset], answer.arp.arp_sha, 6);
      is_known[offset] = 1;
      const uint8_t *m = answer.arp.arp_sha, *a = answer.arp.arp_spa;
      printf("%c %lld %u.%u.%u.%u %02x:%02x:%02x:%02x:%02x:%02x\n", is_answer ? 'R' : 'A', (long long)now(), a[0], a[1],
             a[2], a[3], m[0], m[1], m[2], m[3], m[4], m[5]);
    }
  }
  fflush(stdout);
  return 0;
}
