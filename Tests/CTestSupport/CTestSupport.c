#define _GNU_SOURCE
#include "CTestSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int ct_enter_network_of(int32_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int status = setns(fd, CLONE_NEWNET) ? -errno : 0;
  close(fd);
  return status;
}

// The raw system calls change one thread; glibc's wrappers would change all.
int ct_become(uint32_t uid, uint64_t capabilities) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  uint32_t low = (uint32_t)capabilities, high = (uint32_t)(capabilities >> 32);
  struct __user_cap_data_struct data[2] = {{low, low, 0}, {high, high, 0}};
  if (prctl(PR_SET_KEEPCAPS, 1)) return -errno;
  if (syscall(SYS_setresgid, uid, uid, uid)) return -errno;
  if (syscall(SYS_setresuid, uid, uid, uid)) return -errno;
  if (syscall(SYS_capset, &header, data)) return -errno;
  return 0;
}
