import Crypto

/// The first 8 bytes of SHA-256 over a node's name: its identity in the frames, equal on all speakers.
public struct NodeID: Sendable, Hashable, Comparable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(name: String) { rawValue = sha256Prefix(of: name) }

    public static func < (a: NodeID, b: NodeID) -> Bool { a.rawValue < b.rawValue }
}

/// The first 8 bytes of SHA-256 over the UID of the namespace `kube-system`: frames of another cluster on the same
/// segment are dropped before their authentication fails and is counted.
public struct ClusterID: Sendable, Hashable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(uid: String) { rawValue = sha256Prefix(of: uid) }
}

private func sha256Prefix(of text: String) -> UInt64 {
    SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
}
