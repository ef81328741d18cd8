import Crypto

/// The shared secrets of a cluster's speakers: frames are signed with the current one, and accepted with either, so that
/// a rotation has no gap (everybody knows the new key as previous or current before anybody signs with it).
public struct HelloKeys: Sendable, Hashable {
    public var current: [UInt8]
    public var previous: [UInt8]?

    public init(current: [UInt8], previous: [UInt8]? = nil) { (self.current, self.previous) = (current, previous) }
}

/// The keys that a speaker uses, as the control plane publishes them one after the other.
///
/// A new current key without a previous one comes when the Secret was made anew, or when the speaker has missed steps of
/// a rotation. Others may not have read it yet, some perhaps for hours, so the key that was current before is still
/// accepted, until the next change: speakers that understand nobody would all answer for everything.
public struct HelloKeyring: Sendable, Hashable {
    public private(set) var keys: HelloKeys?
    private var published: HelloKeys?

    public init() {}

    /// - Returns: whether the keys differ from what was published before.
    public mutating func publish(_ new: HelloKeys) -> Bool {
        guard new != published else { return false }
        published = new
        let replaced = keys?.current
        keys = new
        if new.previous == nil, replaced != new.current { keys?.previous = replaced }
        return true
    }
}

/// Signs and checks frames. `HMACAuthenticator` is the one that speaks to other speakers; a simulation of thousands of
/// hours may inject a cheaper one.
public protocol HelloAuthenticator: Sendable {
    /// The tag of `bytes` under `key`.
    func tag(_ bytes: ArraySlice<UInt8>, key: [UInt8]) -> HelloTag
}

/// The 16 bytes that end a frame.
public struct HelloTag: Sendable, Hashable {
    public let high: UInt64
    public let low: UInt64

    public static let byteCount = 16

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// Takes the same time wherever the two differ.
    func isSame(as other: HelloTag) -> Bool { (high ^ other.high) | (low ^ other.low) == 0 }
}

/// HMAC-SHA-256 (RFC 2104), truncated to its first 128 bits (§5 there).
public struct HMACAuthenticator: HelloAuthenticator {
    public init() {}

    public func tag(_ bytes: ArraySlice<UInt8>, key: [UInt8]) -> HelloTag {
        let code = HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: key))
        return HelloTag(
            high: code.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
            low: code.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }
}
