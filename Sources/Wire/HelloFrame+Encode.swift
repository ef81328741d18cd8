import Crypto
public import NetworkAddresses

/// Types of the fields after the header.
enum HelloField {
    static let name: UInt8 = 1
    static let interfaceName: UInt8 = 2
    static let addressesV4: UInt8 = 3
    static let addressesV6: UInt8 = 4
    static let heard: UInt8 = 16
    static let unheard: UInt8 = 17
    static let part: UInt8 = 32
    static let entriesV4: UInt8 = 33
    static let entriesV6: UInt8 = 34
    static let refusalV4: UInt8 = 48
    static let refusalV6: UInt8 = 49

    static let headerLength = 3
    static let partLength = 8
    /// Kind, flags, 2 unused, term, allocation, node; then the address.
    static let entryLength = 24
    /// To, flags, 7 unused, allocation; then the address.
    static let refusalLength = 24
}

/// A sender's describing fields as bytes, made once and copied into each frame.
public struct EncodedSender: Sendable, Hashable {
    public let node: NodeID
    /// Goes into the header, so that receivers know when to read the fields again.
    public let digest: UInt32
    let bytes: [UInt8]

    /// Cuts what does not fit: names to 253 and 15 bytes, addresses to 4 of each family.
    public init(_ sender: HelloSender) {
        node = NodeID(name: sender.name)
        var writer = ByteWriter()
        writer.field(HelloField.name, Array(sender.name.utf8.prefix(253)))
        writer.field(HelloField.interfaceName, Array(sender.interfaceName.utf8.prefix(15)))
        let v4 = sender.addresses.compactMap(\.v4).prefix(HelloSender.addressLimit)
        if !v4.isEmpty {
            writer.fieldHeader(HelloField.addressesV4, length: v4.count * 4)
            for address in v4 { writer.append(address.rawValue) }
        }
        let v6 = sender.addresses.compactMap(\.v6).prefix(HelloSender.addressLimit)
        if !v6.isEmpty {
            writer.fieldHeader(HelloField.addressesV6, length: v6.count * 16)
            for address in v6 { writer.append(address.rawValue) }
        }
        bytes = writer.bytes
        digest = SHA256.hash(data: bytes).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension HelloFrame {
    /// What one frame can carry, given the link's MTU and the sender's own fields.
    ///
    /// At most 1500 bytes, however many the own interface could send: a peer whose MTU is smaller would hear the Hello
    /// frames, but never the claims.
    public struct Capacity: Sendable, Hashable {
        /// Peers in the two lists of a Hello.
        public let heard: Int
        /// Bytes for claims: an IPv4 entry takes 28, an IPv6 entry 40.
        public let claimBytes: Int
        /// Refused addresses in one frame.
        public let refusals: Int

        public init(maximumTransmissionUnit: Int, sender: EncodedSender) {
            // 48: IPv6 and UDP headers of the unicast carrier.
            let fixed = HelloHeader.byteCount + sender.bytes.count + HelloTag.byteCount + 48
            let room = max(min(maximumTransmissionUnit, 1500) - fixed, 0)
            heard = max((room - 2 * HelloField.headerLength) / 8, 0)
            claimBytes = max(room - 3 * HelloField.headerLength - HelloField.partLength, 0)
            refusals = max(room / (HelloField.headerLength + HelloField.refusalLength + 16), 1)
        }
    }

    public static let claimBytesV4 = HelloField.entryLength + 4
    public static let claimBytesV6 = HelloField.entryLength + 16

    /// The payload: header, fields, tag.
    public func encoded(
        sender: EncodedSender, key: [UInt8], authenticator: some HelloAuthenticator
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Self.magic)
        writer.append(Self.version)
        writer.append(body.kind)
        writer.append(header.cluster.rawValue)
        writer.append(header.node.rawValue)
        writer.append(header.incarnation)
        writer.append(header.sequence)
        writer.append(header.hardwareAddress)
        writer.append(header.phase.rawValue)
        writer.append(UInt8((header.isStale ? 1 : 0) | (header.isLate ? 2 : 0)))
        writer.append(header.details)
        writer.append(UInt16(0))
        writer.append(UInt16(0))
        writer.bytes.append(contentsOf: sender.bytes)
        body.write(to: &writer)
        writer.overwrite(at: HelloHeader.byteCount - 2, UInt16(writer.bytes.count - HelloHeader.byteCount))
        let tag = authenticator.tag(writer.bytes[...], key: key)
        writer.append(tag.high)
        writer.append(tag.low)
        return writer.bytes
    }

    /// The payload behind an Ethernet header to the group.
    public static func ethernet(_ payload: [UInt8], from source: MACAddress) -> [UInt8] {
        var writer = ByteWriter()
        writer.bytes.reserveCapacity(payload.count + EthernetHeader.length)
        writer.append(groupAddress)
        writer.append(source)
        writer.append(EtherType.hello.rawValue)
        writer.bytes.append(contentsOf: payload)
        return writer.bytes
    }
}

extension HelloFrame.Body {
    var kind: UInt8 {
        switch self {
        case .hello: 1
        case .claims: 2
        case .refuse: 3
        }
    }

    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .hello(let heard, let unheard):
            writer.fieldHeader(HelloField.heard, length: heard.count * 8)
            for node in heard { writer.append(node.rawValue) }
            guard !unheard.isEmpty else { return }
            writer.fieldHeader(HelloField.unheard, length: unheard.count * 8)
            for node in unheard { writer.append(node.rawValue) }
        case .claims(let part):
            writer.fieldHeader(HelloField.part, length: HelloField.partLength)
            writer.append(part.generation)
            writer.append(part.index)
            writer.append(part.count)
            let v4 = part.entries.count { $0.address.family == .ipv4 }
            if v4 > 0 {
                writer.fieldHeader(HelloField.entriesV4, length: v4 * HelloFrame.claimBytesV4)
                for entry in part.entries where entry.address.family == .ipv4 { entry.write(to: &writer) }
            }
            if v4 < part.entries.count {
                writer.fieldHeader(HelloField.entriesV6, length: (part.entries.count - v4) * HelloFrame.claimBytesV6)
                for entry in part.entries where entry.address.family == .ipv6 { entry.write(to: &writer) }
            }
        case .refuse(let refusals): for refusal in refusals { refusal.write(to: &writer) }
        }
    }
}

extension Refusal {
    fileprivate func write(to writer: inout ByteWriter) {
        let (type, length) = address.family == .ipv4 ? (HelloField.refusalV4, 4) : (HelloField.refusalV6, 16)
        writer.fieldHeader(type, length: HelloField.refusalLength + length)
        writer.append(to.rawValue)
        writer.append(UInt64(allocation == nil ? 0 : 1) << 56)
        writer.append(allocation ?? 0)
        writer.append(address)
    }
}

extension ClaimEntry {
    fileprivate func write(to writer: inout ByteWriter) {
        let (code, flags, node): (UInt8, UInt8, UInt64) =
            switch kind {
            case .own: (1, 0, 0)
            case .offer(let to, let settling): (2, settling ? 1 : 0, to.rawValue)
            case .held(let owner): (3, 0, owner.rawValue)
            }
        writer.append(code)
        writer.append(flags)
        writer.append(UInt16(0))
        writer.append(term)
        writer.append(allocation)
        writer.append(node)
        writer.append(address)
    }
}

/// Appends numbers in network byte order.
struct ByteWriter {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    mutating func append(_ value: UInt8) { bytes.append(value) }
    mutating func append(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }
    mutating func append(_ value: UInt32) {
        append(UInt16(truncatingIfNeeded: value >> 16))
        append(UInt16(truncatingIfNeeded: value))
    }
    mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value >> 32))
        append(UInt32(truncatingIfNeeded: value))
    }
    mutating func append(_ value: UInt128) {
        append(UInt64(truncatingIfNeeded: value >> 64))
        append(UInt64(truncatingIfNeeded: value))
    }
    mutating func append(_ address: MACAddress) {
        append(UInt16(truncatingIfNeeded: address.rawValue >> 32))
        append(UInt32(truncatingIfNeeded: address.rawValue))
    }
    mutating func append(_ address: IPAddress) {
        switch address {
        case .v4(let address): append(address.rawValue)
        case .v6(let address): append(address.rawValue)
        }
    }
    mutating func overwrite(at offset: Int, _ value: UInt16) {
        guard offset >= 0, offset + 1 < bytes.count else { return }
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
    mutating func fieldHeader(_ type: UInt8, length: Int) {
        append(type)
        append(UInt16(truncatingIfNeeded: length))
    }
    mutating func field(_ type: UInt8, _ value: [UInt8]) {
        fieldHeader(type, length: value.count)
        bytes.append(contentsOf: value)
    }
}
