// Asks for addresses by ARP as fast as it is told, and measures the answers.
//
//   arp-load -i IF -s SENDER -t TARGET [-k TARGETS] [-S SENDERS] [-w OUTSTANDING | -r PER_SECOND] [-d SECONDS] [-u MAC]
//     -k  cycle through this many addresses from TARGET on
//     -S  cycle through this many sender addresses from SENDER on
//     -w  closed loop: never more than this many questions unanswered (lost ones are given up after 200 ms)
//     -r  open loop at this rate; without -w and -r: as fast as possible
//     -u  instead of questions send UDP to this hardware address: traffic that concerns nobody
// Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FRAME = 60, MOST_LATENCIES = 1 << 22 };
static int receiver, sender, is_udp;
static uint8_t hardware[6], udp_target[6];
static uint32_t first_sender, first_target;
static long targets = 1, senders = 1, outstanding, rate;
static double seconds = 2;
static atomic_long replies;
static atomic_int is_over;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// Processor time of all threads, with the interrupts that run in them: a cable's other end receives in the sender's.
static int64_t spent(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int packet_socket(int index, int protocol) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0), buffer = 64 << 20;
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
  // Replies only.
  struct sock_filter code[] = {{0x28, 0, 0, 20}, {0x15, 0, 1, 2}, {6, 0, 0, 128}, {6, 0, 0, 0}};
  struct sock_fprog program = {4, code};
  if (protocol && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) die("filter");
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = index};
  if (bind(fd, (struct sockaddr *)&address, sizeof address)) die("bind");
  return fd;
}

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static void fill(uint8_t *frame, long number) {
  static const uint8_t arp[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
  static const uint8_t ip[] = {8, 0, 0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17, 0, 0};
  memset(frame, 0, FRAME);
  memcpy(frame + 6, hardware, 6);
  if (is_udp) {
    memcpy(frame, udp_target, 6);
    memcpy(frame + 12, ip, sizeof ip);
    put32(frame + 26, first_sender);
    put32(frame + 30, first_target);
    uint32_t sum = 0;
    for (int i = 14; i < 34; i += 2) sum += frame[i] << 8 | frame[i + 1];
    sum = (sum & 0xFFFF) + (sum >> 16);
    frame[24] = (uint8_t)(~sum >> 8);
    frame[25] = (uint8_t)~sum;
    frame[35] = frame[37] = 9;  // discard
    frame[39] = 26;
    return;
  }
  memset(frame, 0xFF, 6);
  memcpy(frame + 12, arp, sizeof arp);
  memcpy(frame + 22, hardware, 6);
  put32(frame + 28, first_sender + (uint32_t)(number % senders));
  put32(frame + 38, first_target + (uint32_t)(number % targets));
}

static void batch(struct mmsghdr *messages, struct iovec *vectors, uint8_t (*frames)[FRAME]) {
  memset(messages, 0, BATCH * sizeof *messages);
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){frames[i], FRAME};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
}

static void *count_replies(void *unused) {
  (void)unused;
  struct mmsghdr messages[BATCH];
  struct iovec vectors[BATCH];
  static uint8_t frames[BATCH][FRAME];
  batch(messages, vectors, frames);
  struct timeval wait = {0, 20000};
  setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  while (!is_over) {
    int count = recvmmsg(receiver, messages, BATCH, MSG_WAITFORONE, NULL);
    if (count > 0) atomic_fetch_add(&replies, count);
  }
  return NULL;
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  const char *interface = NULL;
  struct in_addr address;
  int option;
  while ((option = getopt(argc, argv, "i:s:t:k:S:w:r:d:u:")) > 0) switch (option) {
      case 'i': interface = optarg; break;
      case 's': inet_pton(AF_INET, optarg, &address); first_sender = ntohl(address.s_addr); break;
      case 't': inet_pton(AF_INET, optarg, &address); first_target = ntohl(address.s_addr); break;
      case 'k': targets = atol(optarg); break;
      case 'S': senders = atol(optarg); break;
      case 'w': outstanding = atol(optarg); break;
      case 'r': rate = atol(optarg); break;
      case 'd': seconds = atof(optarg); break;
      case 'u':
        is_udp = sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", udp_target, udp_target + 1, udp_target + 2,
                        udp_target + 3, udp_target + 4, udp_target + 5) == 6;
        break;
      default: return 2;
    }
  int index = interface ? (int)if_nametoindex(interface) : 0;
  if (!index || targets < 1 || senders < 1) die("usage: see the head of arp-load.c");
  receiver = packet_socket(index, ETH_P_ARP);
  sender = packet_socket(index, 0);
  struct ifreq request = {0};
  strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  if (ioctl(receiver, SIOCGIFHWADDR, &request)) die("hardware address");
  memcpy(hardware, request.ifr_hwaddr.sa_data, 6);

  struct mmsghdr messages[BATCH];
  struct iovec vectors[BATCH];
  static uint8_t frames[BATCH][FRAME];
  batch(messages, vectors, frames);
  long sent = 0, number = 0, latencies = 0;
  int64_t *latency = NULL, spent_before = spent(), begin = now(), end = begin + (int64_t)(seconds * 1e9), last = begin;
  if (outstanding > 0) {
    latency = malloc(MOST_LATENCIES * sizeof *latency);
    int64_t *asked = malloc((size_t)outstanding * sizeof *asked);
    long head = 0, open = 0;
    struct timeval wait = {0, 200000};
    setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    static uint8_t question[FRAME];
    for (;;) {
      while (open < outstanding && now() < end) {
        fill(question, number++);
        asked[(head + open++) % outstanding] = now();
        if (send(sender, question, FRAME, 0) == FRAME) sent++;
      }
      if (!open) break;
      int count = recvmmsg(receiver, messages, BATCH, MSG_WAITFORONE, NULL);
      last = now();
      if (count <= 0) open = 0;
      for (int i = 0; i < count && open > 0; i++, open--, head++) {
        replies++;
        if (latencies < MOST_LATENCIES) latency[latencies++] = last - asked[head % outstanding];
      }
    }
    last = end;
  } else {
    pthread_t thread;
    pthread_create(&thread, NULL, count_replies, NULL);
    int step = rate > 0 && rate / 200 < BATCH ? (int)(rate / 200 > 0 ? rate / 200 : 1) : BATCH;
    while ((last = now()) < end) {
      if (rate > 0) {
        int64_t due = begin + (int64_t)((double)number / (double)rate * 1e9);
        struct timespec until = {due / 1000000000, due % 1000000000};
        if (due > last) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
      }
      for (int i = 0; i < step; i++) fill(frames[i], number + i);
      int count = sendmmsg(sender, messages, (unsigned)step, 0);
      if (count < 0 && errno != ENOBUFS && errno != EAGAIN) die("send");
      if (count > 0) number += count, sent += count;
    }
    for (long seen = -1; seen != replies;) {
      seen = replies;
      usleep(300000);
    }
    is_over = 1;
    pthread_join(thread, NULL);
  }
  double duration = (double)(last - begin) / 1e9;
  if (latencies) qsort(latency, (size_t)latencies, sizeof *latency, by_value);
  printf("{\"sent\":%ld,\"replies\":%ld,\"seconds\":%.3f,\"sent_per_s\":%.0f,\"replies_per_s\":%.0f,\"lost\":%ld,"
         "\"p50_us\":%.1f,\"p99_us\":%.1f,\"cpu_us\":%ld}\n",
         sent, (long)replies, duration, (double)sent / duration, (double)replies / duration, sent - (long)replies,
         latencies ? (double)latency[latencies / 2] / 1e3 : 0, latencies ? (double)latency[latencies * 99 / 100] / 1e3 : 0,
         (long)(spent() - spent_before));
  return 0;
}
