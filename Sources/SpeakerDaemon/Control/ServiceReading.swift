package import KubernetesClient
package import KubernetesModel

/// What the API server has of one Service, of where it runs, and of this node, read beside the watches.
package struct ServiceReading: Sendable {
    package var service: ObjectKey
    package var services: Versions
    package var endpointSlices: Versions
    package var nodes: Versions

    package init(service: ObjectKey, services: Versions, endpointSlices: Versions, nodes: Versions) {
        (self.service, self.services, self.endpointSlices, self.nodes) = (service, services, endpointSlices, nodes)
    }

    /// The resource versions of one list.
    package struct Versions: Sendable {
        private let versions: [ObjectKey: String?]
        /// Objects in a shape that no watch can tell either.
        private let unreadable: Set<ObjectKey>

        package init<Object: KubernetesObject>(_ list: ObjectList<Object>) {
            versions = Self.versions(of: list.items)
            unreadable = Set(list.skipped.map(\.key))
        }

        /// Whether these are the objects that are known, all of them, and as they are now.
        func agree(with known: some Sequence<some KubernetesObject>) -> Bool {
            Self.versions(of: known.filter { !unreadable.contains($0.key) }) == versions
        }

        private static func versions(of objects: some Sequence<some KubernetesObject>) -> [ObjectKey: String?] {
            Dictionary(objects.map { ($0.key, $0.metadata.resourceVersion) }) { _, last in last }
        }
    }
}
