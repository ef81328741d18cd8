import KubernetesModel
import NetworkAddresses
import ObjectStore

/// Cluster addresses and node ports in use, and where to look for the next free one.
struct ServiceAllocator: Sendable {
    private let ranges: [IPPrefix]
    private var addresses: Set<IPAddress> = []
    private var ports: [Int64: Int] = [:]
    private var nextOffset: [IPFamily: UInt128] = [:]
    private var nextPort: Int64 = 30000
    static let nodePorts: ClosedRange<Int64> = 30000...32767

    init(ranges: [IPPrefix]) { self.ranges = ranges }

    var families: [IPFamily] { ranges.map(\.family) }

    mutating func claim(_ service: JSONValue) { count(service, +1) }
    mutating func release(_ service: JSONValue) { count(service, -1) }

    private mutating func count(_ service: JSONValue, _ step: Int) {
        for text in service.at("spec", "clusterIPs")?.array ?? [] {
            guard let address = text.string.flatMap({ IPAddress($0) }) else { continue }
            if step > 0 { addresses.insert(address) } else { addresses.remove(address) }
        }
        for port in Self.nodePorts(of: service) {
            let uses = (ports[port] ?? 0) + step
            ports[port] = uses > 0 ? uses : nil
        }
    }

    static func nodePorts(of service: JSONValue) -> [Int64] {
        (service.at("spec", "ports")?.array ?? []).compactMap { $0["nodePort"]?.integer }.filter { $0 != 0 }
            + [service.at("spec", "healthCheckNodePort")?.integer].compactMap { $0 }.filter { $0 != 0 }
    }

    func isFree(_ address: IPAddress) -> Bool { !addresses.contains(address) }
    func isFree(port: Int64) -> Bool { ports[port] == nil }
    func range(_ family: IPFamily) -> IPPrefix? { ranges.first { $0.family == family } }

    /// The next free address after the one given out last; `nil` when the range is full.
    mutating func nextAddress(_ family: IPFamily) -> IPAddress? {
        guard let range = range(family) else { return nil }
        let first = range.first.rawValue
        let size = range.last.rawValue - first
        guard size > 2 else { return nil }
        // The first address is the API server's; at most the used ones are passed over.
        var offset = max(2, nextOffset[family] ?? 2)
        for _ in 0...min(UInt128(addresses.count), size) {
            if offset >= size { offset = 2 }
            if let address = IPAddress(family: family, rawValue: first + offset), isFree(address) {
                nextOffset[family] = offset + 1
                return address
            }
            offset += 1
        }
        return nil
    }

    mutating func nextNodePort(besides taken: Set<Int64>) -> Int64? {
        for _ in Self.nodePorts {
            let port = nextPort
            nextPort = port < Self.nodePorts.upperBound ? port + 1 : Self.nodePorts.lowerBound
            if isFree(port: port), !taken.contains(port) { return port }
        }
        return nil
    }
}
