package import MonotonicTime
package import NetworkAddresses

/// Addresses that were released a short while ago, oldest first.
///
/// Neighbors on the LAN and their connections still point at the last user: such an address is passed over while
/// another one is free.
package struct Quarantine: Sendable, Equatable {
    package static let period = Interval.seconds(60)

    private var queue: ArraySlice<Entry> = []
    private var ends: [IPAddress: Instant] = [:]

    private struct Entry: Sendable, Equatable {
        var address: IPAddress
        var end: Instant
    }

    package init() {}

    package var addresses: some Sequence<IPAddress> { ends.keys }

    package static func == (a: Quarantine, b: Quarantine) -> Bool { a.ends == b.ends }

    mutating func add(_ address: IPAddress, at now: Instant) {
        let end = now + Self.period
        guard ends.updateValue(end, forKey: address) != end else { return }
        queue.append(Entry(address: address, end: end))
    }

    mutating func remove(_ address: IPAddress) { ends[address] = nil }

    /// The address that has been released the longest and satisfies `condition`.
    func oldest(where condition: (IPAddress) -> Bool) -> IPAddress? {
        queue.first { ends[$0.address] == $0.end && condition($0.address) }?.address
    }

    mutating func prolong(at now: Instant, where condition: (IPAddress) -> Bool) {
        let due = queue.prefix { $0.end <= now }.filter { ends[$0.address] == $0.end && condition($0.address) }
        for entry in due { add(entry.address, at: now) }
    }

    /// Ends the quarantine of every address whose time is up.
    mutating func expire(at now: Instant) -> [IPAddress] {
        var expired: [IPAddress] = []
        while let entry = queue.first, entry.end <= now || ends[entry.address] != entry.end {
            queue.removeFirst()
            guard ends[entry.address] == entry.end else { continue }
            ends[entry.address] = nil
            expired.append(entry.address)
        }
        if queue.startIndex > 1024, queue.startIndex > queue.count { queue = ArraySlice(Array(queue)) }
        return expired
    }
}
