import CLinux
import Glibc
package import NetworkAddresses

/// UDP on one interface: where the unicast carrier's datagrams arrive.
///
/// An ordinary socket, so that it costs nothing per packet of anybody else's; a raw one would run a filter on all IPv4
/// traffic of the node. While it is open, the kernel answers no peer with "port unreachable".
package struct CarrierSocket: ~Copyable {
    package let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 9216)
    private var takenDrops: UInt32 = 0

    /// - Parameter receiveBuffer: octets to ask for.
    package init(interfaceIndex: Int32, port: UInt16, receiveBuffer: Int) throws(PacketSocketError) {
        let descriptor = cl_carrier_socket(interfaceIndex, port)
        guard descriptor >= 0 else { throw PacketSocketError(.open, -descriptor) }
        _ = cl_receive_buffer(descriptor, Int32(clamping: receiveBuffer))
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Datagrams that the kernel dropped since the last call, for want of buffer as a rule.
    package mutating func takeDrops() -> Int {
        let total = cl_socket_drops(descriptor)
        defer { takenDrops = total }
        return Int(total &- takenDrops)
    }

    /// The next waiting datagram; `nil` when there is none.
    package mutating func receive() -> (payload: [UInt8], source: IPAddress)? {
        var source = [UInt8](repeating: 0, count: 16)
        let length = unsafe cl_carrier_receive(descriptor, &buffer, UInt32(buffer.count), &source)
        guard length >= 0 else { return nil }
        let number = source.reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
        let address: IPAddress =
            number >> 32 == 0xFFFF
            ? .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: number))) : .v6(IPv6Address(rawValue: number))
        return (Array(buffer.prefix(Int(length))), address)
    }
}
