// What only tests need from Linux: threads that live in another network namespace, or with fewer privileges.
#ifndef CTESTSUPPORT_H
#define CTESTSUPPORT_H
#include <stdint.h>
// Moves the calling thread, alone, into the network namespace of a process. 0 or a negative errno.
int ct_enter_network_of(int32_t pid);
// Makes the calling thread, alone, the user `uid` with exactly these capabilities (bits of CAP_*). 0 or a negative errno.
int ct_become(uint32_t uid, uint64_t capabilities);
#endif
