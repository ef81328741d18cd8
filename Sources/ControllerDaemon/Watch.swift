import KubernetesModel
package import Reconciliation

/// The resource types that a controller follows.
package enum Watch: String, CaseIterable, Sendable {
    case services, pools, nodes, namespaces, announcements, leases
    /// Not served by every API server that Herald supports: waited for only when it is.
    case serviceCIDRs
}

extension ClusterChange {
    /// The watch whose whole list this is.
    package var listed: Watch? {
        switch self {
        case .service(.replaced): .services
        case .pool(.replaced): .pools
        case .node(.replaced): .nodes
        case .namespace(.replaced): .namespaces
        case .announcement(.replaced): .announcements
        case .lease(.replaced): .leases
        case .serviceCIDR(.replaced): .serviceCIDRs
        default: nil
        }
    }

    var appliedService: Service? { if case .service(.applied(let service)) = self { service } else { nil } }

    /// The change with every object reduced to what a controller reads: it keeps all Services of the cluster in memory.
    package var trimmed: ClusterChange {
        switch self {
        case .service(let change): .service(change.map(\.trimmed))
        case .node(let change): .node(change.map(\.trimmed))
        case .namespace(let change): .namespace(change.map(\.trimmed))
        case .lease(let change): .lease(change.map(\.trimmed))
        default: self
        }
    }
}

extension ObjectChange {
    fileprivate func map(_ transform: (Object) -> Object) -> ObjectChange {
        switch self {
        case .replaced(let all, let unreadable): .replaced(all.map(transform), unreadable: unreadable)
        case .applied(let one): .applied(transform(one))
        case .deleted(let one): .deleted(transform(one))
        }
    }
}

extension Service {
    /// Annotations can be large: kubectl keeps the whole manifest in one.
    fileprivate var trimmed: Service {
        var service = self
        service.metadata.finalizers = nil
        service.metadata.annotations = metadata.annotations?.filter { ServiceAnnotation.relevant.contains($0.key) }
        // Only a load balancer's ports, selector and labels matter.
        guard spec?.type == "LoadBalancer" else {
            service.metadata.labels = nil
            service.spec = Spec(type: spec?.type)
            return service
        }
        service.spec?.ports = spec?.ports?.map { Port(protocol: $0.protocol, port: $0.port) }
        return service
    }
}

extension Node {
    fileprivate var trimmed: Node {
        Node(
            metadata: ObjectMeta(name: metadata.name, uid: metadata.uid), spec: Spec(podCIDRs: spec?.podCIDRs),
            status: Status(addresses: status?.addresses))
    }
}

extension Namespace {
    fileprivate var trimmed: Namespace {
        Namespace(metadata: ObjectMeta(name: metadata.name, labels: metadata.labels))
    }
}

extension Lease {
    /// When it was renewed is all that matters.
    fileprivate var trimmed: Lease {
        Lease(
            metadata: ObjectMeta(name: metadata.name, namespace: metadata.namespace),
            spec: Spec(renewTime: spec?.renewTime))
    }
}
