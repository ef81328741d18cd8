/// # Netlink
///
/// The node's interfaces, their addresses and the default gateways, from rtnetlink (`man 7 rtnetlink`): a snapshot, and
/// then every change as the kernel tells it. ``LinkMonitor`` holds a socket and the ``NetworkState``, ``RouteMonitor`` holds
/// another one and the ``DefaultRoutes``; messages are parsed from spans by ``NetlinkMessage``, and applied by pure code.
///
/// When the kernel had to drop notifications (`ENOBUFS`), those that wait are thrown away and the state is read again as a
/// whole: nothing is guessed.
