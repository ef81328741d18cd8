import KubernetesModel
import NetworkAddresses

/// Whose status names an address: as last seen, or as a write under way may have left it.
struct ShownAddresses: Sendable {
    private var seen: [ObjectKey: [IPAddress]] = [:]
    private var underWay: [ObjectKey: [IPAddress]] = [:]
    private var services: [IPAddress: [ObjectKey]] = [:]

    /// - Returns: what the Service's status names no more.
    mutating func see(_ key: ObjectKey, _ addresses: [IPAddress]) -> [IPAddress] {
        let old = seen[key] ?? []
        guard old != addresses else { return [] }
        seen[key] = addresses.isEmpty ? nil : addresses
        for address in addresses where !old.contains(address) { services[address, default: []].append(key) }
        let gone = old.filter { !addresses.contains($0) }
        for address in gone {
            services[address]?.removeAll { $0 == key }
            if services[address]?.isEmpty == true { services[address] = nil }
        }
        return gone
    }

    mutating func forgetSeen() { (seen, services) = ([:], [:]) }

    mutating func beginWrite(_ key: ObjectKey, _ addresses: [IPAddress]) { underWay[key] = addresses }

    /// - Returns: what the write would have put there.
    mutating func endWrite(_ key: ObjectKey) -> [IPAddress] { underWay.removeValue(forKey: key) ?? [] }

    mutating func endWrites() { underWay = [:] }

    /// The Services whose status was seen to name `address`.
    func services(seenWith address: IPAddress) -> [ObjectKey] { services[address] ?? [] }

    /// The Services, but `key`, whose status names `address`, or may by now.
    func others(with address: IPAddress, than key: ObjectKey) -> Set<ObjectKey> {
        var others = Set(services[address] ?? [])
        for (other, addresses) in underWay where addresses.contains(address) { others.insert(other) }
        others.remove(key)
        return others
    }
}
