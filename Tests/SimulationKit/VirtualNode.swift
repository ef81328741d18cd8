package import Election
import Layer2
package import Link
package import MonotonicTime
package import NetworkAddresses
package import Wire

/// Where a machine is plugged in, and how well that works.
package struct VirtualPort: Sendable {
    package var hasPower = true
    package var hasCarrier = true
    /// Ports of different groups do not reach each other: a partition of the LAN.
    package var group = 0
    package var transmitsNothing = false
    package var receivesNothing = false
    /// How much of what it sends reaches nobody, and of what is sent to it does not arrive.
    package var (transmitLoss, receiveLoss) = (0.0, 0.0)
    /// Storm control: what it sends to a group beyond this many frames in 100 ms is dropped.
    package var groupFrameLimit: Int?
    var groupFrames: (window: Int64, count: Int) = (0, 0)
    /// A virtual machine that its hypervisor suspended.
    package var isFrozen = false

    func reaches(_ other: VirtualPort) -> Bool {
        hasPower && other.hasPower && hasCarrier && other.hasCarrier && group == other.group && !transmitsNothing
            && !other.receivesNothing && !isFrozen
    }
}

/// One machine with a kernel, perhaps a running speaker, and what that has seen of the API.
package final class VirtualNode {
    package let index: Int
    package var name: String
    package let hardwareAddress: MACAddress
    package var addresses: [IPAddress]
    package var interfaceName = "eth0"
    package var siblings: [SiblingLink] = []
    package var port = VirtualPort()
    /// Which of several separate segments it is plugged into; the observer watches the first.
    package internal(set) var wire = 0
    /// The switch drops Hello frames that this node sends to the group.
    package var isFiltered = false
    package var isWireless = false
    /// Its group frames come back, as on a bond whose ports the switch does not know to be one.
    package var isReflected = false

    package var speaker: LinkSpeaker?
    /// Whether a process runs; `speaker` itself is out while it is called.
    package internal(set) var hasSpeaker = false
    /// What its kernel lets through, of which version of the speaker's interest.
    var interest: (process: Int, version: UInt64, value: FrameInterest)?
    /// Counts starts, so that what was meant for an earlier process is dropped.
    var process = 0
    package var isPaused = false
    var pausedFrames: [SpeakerFrame] = []
    var wakeAt: Instant?
    /// Its monotonic clock began at another time than everybody else's.
    var clockOffset = Interval.zero
    var lastDelivery = Instant(nanoseconds: 0)

    // What its control plane has seen.
    package var isCutFromAPI = false
    var isWatching = false
    /// A watch connection that is black-holed while others live.
    package var watchHangsUntil: Instant?
    var hasSnapshot = false
    var view: [Int: AddressTruth] = [:]
    var records: [Int: String] = [:]
    var lastContact = Instant(nanoseconds: 0)
    var lastEventAt = Instant(nanoseconds: 0)
    var leasedAt: Instant?
    var knownPeers: [KnownPeer] = []
    package var isLeaving = false
    package var keyring = HelloKeyring()
    var isViewChanged = false
    var wasStale = false
    /// What it answers, as last seen by the observer.
    package internal(set) var answers: [Int: MACAddress] = [:]
    package internal(set) var facts: [LinkFact] = []

    init(index: Int, name: String, hardwareAddress: MACAddress, addresses: [IPAddress]) {
        (self.index, self.name, self.hardwareAddress) = (index, name, hardwareAddress)
        self.addresses = addresses
    }

    package var isRunning: Bool { hasSpeaker && !isPaused && port.hasPower && !port.isFrozen }
}

/// A frame on its way to speakers.
enum SpeakerFrame {
    case speakers([UInt8])
    case neighbors([UInt8])
}

/// What the API says of one address.
package struct AddressTruth: Sendable, Hashable {
    package var allocation: AllocationID
    package var eligible: [String: Int]
    package var isNewlyAssigned = false

    package init(allocation: UInt64, eligible: [String: Int]) {
        (self.allocation, self.eligible) = (AllocationID(rawValue: allocation), eligible)
    }
}
