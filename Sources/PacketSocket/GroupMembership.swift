import CLinux
import Glibc
package import NetworkAddresses

/// Solicited-node groups, joined on one interface.
///
/// Only a real join makes the kernel send MLD reports, without which a snooping switch forwards no solicitation; any
/// UDP socket can do it. The kernel charges memberships to each socket's option memory, hence 256 for each.
package final class GroupMembership {
    package static let groupsPerSocket = 256

    private let interfaceIndex: Int32
    private var sockets: [(descriptor: Int32, count: Int)] = []
    private var joined: [IPv6Address: Int] = [:]

    package init(interfaceIndex: Int32) { self.interfaceIndex = interfaceIndex }

    deinit {
        for socket in sockets { close(socket.descriptor) }
    }

    package var count: Int { joined.count }

    /// Joins and leaves until exactly `groups` are joined, as far as the kernel allows.
    /// - Returns: the groups that could not be joined, with the last error.
    package func set(_ groups: Set<IPv6Address>) -> (failed: Int, error: PacketSocketError?) {
        for (group, index) in joined where !groups.contains(group) {
            _ = change(group, socket: index, join: false)
            sockets[index].count -= 1
            joined[group] = nil
        }
        var failed = 0
        var lastError: PacketSocketError?
        for group in groups where joined[group] == nil {
            do throws(PacketSocketError) {
                let index = try socketWithRoom()
                let status = change(group, socket: index, join: true)
                guard status == 0 || -status == EADDRINUSE else { throw PacketSocketError(.membership, -status) }
                sockets[index].count += 1
                joined[group] = index
            } catch {
                (failed, lastError) = (failed + 1, error)
            }
        }
        return (failed, lastError)
    }

    private func socketWithRoom() throws(PacketSocketError) -> Int {
        if let index = sockets.firstIndex(where: { $0.count < Self.groupsPerSocket }) { return index }
        let descriptor = cl_udp6_socket()
        guard descriptor >= 0 else { throw PacketSocketError(.membership, -descriptor) }
        sockets.append((descriptor, 0))
        return sockets.count - 1
    }

    private func change(_ group: IPv6Address, socket index: Int, join: Bool) -> Int32 {
        let octets: [UInt8] = (0..<16).map { group.octet($0) }
        return unsafe octets.withUnsafeBufferPointer { buffer in
            unsafe cl_udp6_membership(sockets[index].descriptor, interfaceIndex, buffer.baseAddress, join ? 1 : 0)
        }
    }
}
