/// # Netlink
///
/// The node's interfaces, their addresses and the default gateways, from rtnetlink (`man 7 rtnetlink`): a snapshot, and
/// then every change as the kernel tells it. ``LinkMonitor`` holds the socket and the ``NetworkState``; messages are
/// parsed from spans by ``NetlinkMessage``, and applied to the state by pure code.
///
/// When the kernel had to drop notifications (`ENOBUFS`), those that wait are thrown away and the state is read again as a
/// whole: nothing is guessed.
