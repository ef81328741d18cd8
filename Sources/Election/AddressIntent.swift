import Crypto
public import NetworkAddresses

/// What the API says about one load balancer IP on one link: the part of ownership that is policy, not liveness.
///
/// Made by `SpeakerPlan` from the cluster snapshot; each speaker makes its own, from its own view.
public struct AddressIntent: Sendable, Hashable {
    public var address: IPAddress
    /// Which allocation the address belongs to: a re-used address gets another one.
    public var allocation: AllocationID
    /// The nodes that may announce it, with their preference weight (higher first; 0 when nobody asked).
    ///
    /// A negative weight is a node of last resort: cordoned, drained, or (policy `Local`) left with terminating endpoints
    /// only. It offers what it has to any ready peer of higher weight at once, without the waits that preference moves
    /// have, and takes a vacant address only after every other node had its turn; with no such peer it keeps what it has.
    public var eligible: [String: Int]
    /// The node that the API record (ServiceL2Status) names for this link: a tie hint, and the way to hold through a
    /// restart of all speakers. `nil` when there is none.
    public var recordedOwner: String?
    /// Assigned to its Service so lately that RFC 5227 probing before the first use is due.
    public var isNewlyAssigned: Bool

    public init(
        address: IPAddress, allocation: AllocationID, eligible: [String: Int], recordedOwner: String? = nil,
        isNewlyAssigned: Bool = false
    ) {
        (self.address, self.allocation, self.eligible) = (address, allocation, eligible)
        (self.recordedOwner, self.isNewlyAssigned) = (recordedOwner, isNewlyAssigned)
    }
}

/// The first 8 bytes of SHA-256 over the UID of the Service that holds an address (the oldest, when it is shared).
public struct AllocationID: Sendable, Hashable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(serviceUID: String) {
        rawValue = SHA256.hash(data: Array(serviceUID.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
