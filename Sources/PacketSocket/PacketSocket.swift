import CLinux
import Glibc
package import NetworkAddresses
package import Wire

/// One AF_PACKET socket: whole Ethernet frames of one EtherType on one interface, through a kernel filter.
///
/// Needs CAP_NET_RAW. The order of opening matters: the socket is deaf until it is bound, and by then the filter is on,
/// so no unwanted frame ever arrives. It survives the interface going down and up; when the interface is deleted or
/// moved to another namespace the socket is dead, which ``isAttached`` tells.
@safe
package final class PacketSocket: Sendable {
    package let descriptor: Int32
    package let interfaceIndex: Int32
    /// Octets that the kernel granted: `net.core.rmem_max` is the limit without CAP_NET_ADMIN.
    package let receiveBuffer: Int
    /// For one thread at a time: whoever receives, and at the end whoever closes.
    nonisolated(unsafe) private var ring: cl_ring

    /// - Parameters:
    ///   - receiveBuffer: octets to ask for, where there is no ring.
    ///   - ringSlots: frames that may wait in memory of the socket's own, 128 octets for each, whatever `net.core.rmem_max` is;
    ///     62 octets of a frame are kept. Rounded up to whole pages; 0 for no ring.
    package init(
        etherType: EtherType, interfaceIndex: Int32, filter: PacketFilter, receiveBuffer: Int = 4 << 20,
        ringSlots: Int = 0
    ) throws(PacketSocketError) {
        let descriptor = cl_packet_socket()
        guard descriptor >= 0 else { throw PacketSocketError(.open, -descriptor) }
        var ring = unsafe cl_ring()
        do throws(PacketSocketError) {
            let opened = ringSlots > 0 ? unsafe cl_ring_open(descriptor, &ring, UInt32(clamping: ringSlots)) : 0
            guard opened == 0 else { throw PacketSocketError(.ring, -opened) }
            try attachFilter(filter.program(on: interfaceIndex), to: descriptor)
            let granted = cl_receive_buffer(descriptor, Int32(clamping: receiveBuffer))
            guard granted >= 0 else { throw PacketSocketError(.receiveBuffer, -granted) }
            let bound = cl_packet_bind(descriptor, interfaceIndex, etherType.rawValue)
            guard bound == 0 else { throw PacketSocketError(.bind, -bound) }
            (self.descriptor, self.interfaceIndex, self.receiveBuffer) = (descriptor, interfaceIndex, Int(granted))
            unsafe self.ring = ring
        } catch {
            unsafe cl_ring_close(&ring)
            close(descriptor)
            throw error
        }
    }

    deinit {
        unsafe cl_ring_close(&ring)
        close(descriptor)
    }

    /// Fills a batch, from the ring if there is one, without waiting.
    /// - Returns: how many frames, or a negative error number.
    func receive(into batch: OpaquePointer) -> Int32 { unsafe cl_ring_receive(descriptor, &ring, batch) }

    /// Whether the interface still exists that the socket was bound to. Another one with its index does not count.
    package var isAttached: Bool { cl_packet_interface(descriptor) == interfaceIndex }

    /// Replaces the filter; the kernel changes it between two frames.
    package func attach(_ filter: PacketFilter) throws(PacketSocketError) {
        try attachFilter(filter.program(on: interfaceIndex), to: descriptor)
    }

    /// Receives frames to a group hardware address (the interface's own filter lets only joined groups through).
    package func join(_ group: MACAddress) throws(PacketSocketError) {
        let octets: [UInt8] = (0..<6).map { group.octet($0) }
        let status = unsafe octets.withUnsafeBufferPointer { buffer in
            unsafe cl_packet_join(descriptor, interfaceIndex, buffer.baseAddress)
        }
        guard status == 0 else { throw PacketSocketError(.membership, -status) }
    }

    /// Frames that the kernel dropped for want of buffer since the last call.
    package func takeDrops() -> Int { Int(max(cl_packet_drops(descriptor), 0)) }
}

extension PacketFilter {
    /// Puts the program on a socket of another kind, which has no interface: to try it without privileges.
    package func attach(toDescriptor descriptor: Int32) throws(PacketSocketError) {
        try attachFilter(instructions, to: descriptor)
    }
}

private func attachFilter(_ program: [sock_filter], to descriptor: Int32) throws(PacketSocketError) {
    let status = unsafe program.withUnsafeBufferPointer { buffer in
        unsafe cl_packet_filter(descriptor, buffer.baseAddress, UInt16(clamping: buffer.count))
    }
    guard status == 0 else { throw PacketSocketError(.filter, -status) }
}

/// Why a socket could not be opened or changed, with what to do about it.
package struct PacketSocketError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Step: String, Sendable, Hashable {
        case open, ring, filter, receiveBuffer, bind, membership
    }

    package let step: Step
    package let errorNumber: Int32

    package init(_ step: Step, _ errorNumber: Int32) { (self.step, self.errorNumber) = (step, errorNumber) }

    /// The interface went while its sockets were being set up.
    package var isOfGoneInterface: Bool { errorNumber == ENODEV || errorNumber == ENXIO }

    package var description: String {
        let reason = unsafe String(cString: strerror(errorNumber))
        switch (step, errorNumber) {
        case (.open, EPERM), (.open, EACCES):
            return "no packet socket without the capability CAP_NET_RAW: add NET_RAW to the container's "
                + "securityContext.capabilities, or run as root (\(reason))"
        case (.ring, ENOMEM): return "the node has no memory for frames that wait (\(reason))"
        case (.filter, ENOMEM):
            return "the kernel's memory for socket options is too small for the packet filter: raise "
                + "net.core.optmem_max (\(reason))"
        case (.bind, ENODEV), (.bind, ENXIO): return "the interface is gone (\(reason))"
        case (.membership, ENOBUFS), (.membership, ENOMEM):
            return "too many multicast groups: raise net.core.optmem_max or net.ipv6.mld_max_msf (\(reason))"
        default: return "packet socket: \(step.rawValue): \(reason)"
        }
    }
}

extension PacketSocket {
    /// Opens and closes a packet socket, to find out at start-up whether this process may.
    package static func requireCapability() throws(PacketSocketError) {
        let descriptor = cl_packet_socket()
        guard descriptor >= 0 else { throw PacketSocketError(.open, -descriptor) }
        close(descriptor)
    }
}
