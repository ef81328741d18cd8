/// Names of the objects by which Herald's own programs find each other.
public enum HeraldObjects {
    /// The namespace of the manifests; programs take it from `--namespace`, or from their service account.
    public static let defaultNamespace = "herald-system"

    /// The Secret with the key that speakers sign Hello, Claims and Refuse frames with. The controller makes it when it
    /// is absent: `current` is 32 random bytes, and `previous` is there for a while after a rotation.
    public static let helloKeySecret = "herald-hello-key"
    public static let helloKeyCurrent = "current"
    public static let helloKeyPrevious = "previous"

    /// The Lease that the leading controller renews, unless it is told another name.
    public static let controllerLease = "herald-controller"

    /// The Lease that each speaker renews: `lbctl speakers` shows it, and peers find its addresses in it.
    public static func speakerLease(node: String) -> String { speakerLeasePrefix + node }
    public static let speakerLeasePrefix = "speaker-"
    /// On a speaker's Lease: the addresses of its announcing interfaces, separated by commas.
    public static let addressesAnnotation = "lb.cluster.home/addresses"
    /// On a speaker's Lease: its announcing interfaces, separated by commas.
    public static let interfacesAnnotation = "lb.cluster.home/interfaces"
    /// On a speaker's Lease: the version of its program.
    public static let versionAnnotation = "lb.cluster.home/version"
    /// On a speaker's Lease: the `spec.loadBalancerClass` that it serves; empty for Services without one.
    public static let classAnnotation = "lb.cluster.home/load-balancer-class"
    /// On a speaker's Lease: `true` when it announces also from nodes with Kubernetes' exclude label.
    public static let ignoreExcludeLabelAnnotation = "lb.cluster.home/ignore-exclude-label"
    /// On a speaker's Lease: how many peers it hears on each link, as `eth0=3,eth1=2`.
    public static let peersAnnotation = "lb.cluster.home/peers"
    /// On a speaker's Lease: the watches of the API server that are silent, separated by commas; empty when all live.
    public static let staleAnnotation = "lb.cluster.home/stale"
    /// On a Node, set by `lbctl drain`, removed by `lbctl undrain`: the node gives its addresses away, as if cordoned.
    public static let drainAnnotation = "lb.cluster.home/drain"
}
