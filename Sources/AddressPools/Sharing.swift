/// The terms on which a Service shares an address with others: the same key, other ports, the same backend.
package struct SharingTerms: Sendable, Hashable {
    /// Never empty.
    package var key: String
    package var backend: Backend
    package var ports: [Port]

    package init(key: String, backend: Backend, ports: [Port]) {
        (self.key, self.backend, self.ports) = (key, backend, ports)
    }

    /// Where traffic of a shared address must be able to go from one announcing node.
    package enum Backend: Sendable, Hashable {
        /// `externalTrafficPolicy: Cluster`: every node reaches every endpoint.
        case cluster
        /// `Local`: only Services with the same pods have them on the same nodes.
        case local(namespace: String, selector: [String: String])
        /// `Local` without a selector: somebody keeps the endpoints by hand, and nobody else's are the same.
        case own(Holder)
    }

    package struct Port: Sendable, Hashable, CustomStringConvertible {
        package var `protocol`: String
        package var number: UInt16

        package init(_ number: UInt16, _ protocol: String = "TCP") {
            (self.protocol, self.number) = (`protocol`, number)
        }

        package var description: String { "\(number)/\(self.protocol)" }
    }
}

/// Why two Services can't have one address.
package enum SharingObstacle: Sendable, Hashable {
    /// The newcomer has no sharing key.
    case noKey
    /// The holder has none, or another one.
    case otherKey
    case portTaken(SharingTerms.Port)
    case otherBackend
}

extension SharingTerms {
    /// `nil` when a Service with these terms may join one with `other`.
    package static func obstacle(_ mine: SharingTerms?, _ other: SharingTerms?) -> SharingObstacle? {
        guard let mine else { return .noKey }
        guard let other, mine.key == other.key else { return .otherKey }
        if let port = mine.ports.first(where: other.ports.contains) { return .portTaken(port) }
        return mine.backend == other.backend ? nil : .otherBackend
    }
}
