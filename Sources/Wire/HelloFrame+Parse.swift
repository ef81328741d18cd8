internal import NetworkAddresses

/// A frame whose lengths have been checked, and whose tag and body have not been read yet.
///
/// Work is bounded by the frame's length, and nothing in it can trap.
public struct HelloFrameView: Sendable {
    public let header: HelloHeader
    let bytes: [UInt8]
    let start: Int
    let kind: UInt8
    /// Where the fields are.
    let fields: Range<Int>

    /// Checks the fixed part. `start` is 14 for an Ethernet frame, 0 for a UDP payload; bytes after the tag are padding.
    public init(_ bytes: [UInt8], at start: Int, cluster: ClusterID) throws(HelloDropReason) {
        guard start >= 0, bytes.count - start >= HelloHeader.byteCount + HelloTag.byteCount else { throw .truncated }
        let reader = ByteReader(bytes: bytes)
        guard reader.uint16(start) == HelloFrame.magic else { throw .foreignProtocol }
        let version = bytes[start + 2]
        // A release accepts its own version and the one before.
        guard version == HelloFrame.version || (version > 0 && version == HelloFrame.version - 1) else {
            throw .unknownVersion
        }
        kind = bytes[start + 3]
        guard (1...3).contains(kind) else { throw .unknownKind }
        let sender = ClusterID(rawValue: reader.uint64(start + 4))
        guard sender == cluster else { throw .otherCluster }
        guard let phase = HelloPhase(rawValue: bytes[start + 42]) else { throw .unknownPhase }
        let length = Int(reader.uint16(start + 50))
        fields = start + HelloHeader.byteCount..<start + HelloHeader.byteCount + length
        guard fields.upperBound + HelloTag.byteCount <= bytes.count else { throw .badLength }
        var header = HelloHeader(
            cluster: sender, node: NodeID(rawValue: reader.uint64(start + 12)),
            incarnation: reader.uint64(start + 20), sequence: reader.uint64(start + 28),
            hardwareAddress: MACAddress(
                rawValue: UInt64(reader.uint16(start + 36)) << 32 | UInt64(reader.uint32(start + 38))),
            phase: phase, isStale: bytes[start + 43] & 1 != 0, details: reader.uint32(start + 44))
        header.isLate = bytes[start + 43] & 2 != 0
        self.header = header
        (self.bytes, self.start) = (bytes, start)
    }

    /// Whether one of the keys made the tag.
    public func isAuthentic(_ keys: HelloKeys, _ authenticator: some HelloAuthenticator) -> Bool {
        let signed = bytes[start..<fields.upperBound]
        let reader = ByteReader(bytes: bytes)
        let tag = HelloTag(high: reader.uint64(fields.upperBound), low: reader.uint64(fields.upperBound + 8))
        if authenticator.tag(signed, key: keys.current).isSame(as: tag) { return true }
        guard let previous = keys.previous else { return false }
        return authenticator.tag(signed, key: previous).isSame(as: tag)
    }

    /// The describing fields. Read when `header.details` changes.
    public func sender() throws(HelloDropReason) -> HelloSender {
        let reader = ByteReader(bytes: bytes)
        var name: String?
        var interfaceName = ""
        var addresses: [IPAddress] = []
        var cursor = fields.lowerBound
        while let field = try reader.field(at: &cursor, end: fields.upperBound) {
            switch field.type {
            case HelloField.name:
                guard (1...253).contains(field.value.count),
                    let text = String(validating: bytes[field.value], as: UTF8.self)
                else { throw .badName }
                name = text
            case HelloField.interfaceName:
                guard field.value.count <= 15, let text = String(validating: bytes[field.value], as: UTF8.self) else {
                    throw .badName
                }
                interfaceName = text
            case HelloField.addressesV4:
                guard field.value.count % 4 == 0, field.value.count <= 4 * HelloSender.addressLimit else {
                    throw .badField
                }
                for offset in stride(from: field.value.lowerBound, to: field.value.upperBound, by: 4) {
                    addresses.append(.v4(IPv4Address(rawValue: reader.uint32(offset))))
                }
            case HelloField.addressesV6:
                guard field.value.count % 16 == 0, field.value.count <= 16 * HelloSender.addressLimit else {
                    throw .badField
                }
                for offset in stride(from: field.value.lowerBound, to: field.value.upperBound, by: 16) {
                    addresses.append(.v6(IPv6Address(rawValue: reader.uint128(offset))))
                }
            default: break
            }
        }
        guard let name else { throw .missingField }
        // The identity follows from the name: a frame cannot speak for another node's.
        guard NodeID(name: name) == header.node else { throw .identityMismatch }
        return HelloSender(name: name, interfaceName: interfaceName, addresses: addresses)
    }

    public func body() throws(HelloDropReason) -> HelloFrame.Body {
        switch kind {
        case 1: try hello()
        case 2: .claims(try claims())
        default: .refuse(try refusals())
        }
    }

    private func hello() throws(HelloDropReason) -> HelloFrame.Body {
        let reader = ByteReader(bytes: bytes)
        var heard: [NodeID]?
        var unheard: [NodeID] = []
        var cursor = fields.lowerBound
        while let field = try reader.field(at: &cursor, end: fields.upperBound) {
            guard field.type == HelloField.heard || field.type == HelloField.unheard else { continue }
            guard field.value.count % 8 == 0 else { throw .badField }
            let nodes = stride(from: field.value.lowerBound, to: field.value.upperBound, by: 8).map {
                NodeID(rawValue: reader.uint64($0))
            }
            if field.type == HelloField.heard { heard = nodes } else { unheard = nodes }
        }
        guard let heard else { throw .missingField }
        return .hello(heard: heard, unheard: unheard)
    }

    private func claims() throws(HelloDropReason) -> ClaimsPart {
        let reader = ByteReader(bytes: bytes)
        var part: ClaimsPart?
        var entries: [ClaimEntry] = []
        var cursor = fields.lowerBound
        while let field = try reader.field(at: &cursor, end: fields.upperBound) {
            switch field.type {
            case HelloField.part:
                guard field.value.count == HelloField.partLength else { throw .badField }
                let offset = field.value.lowerBound
                part = ClaimsPart(
                    generation: reader.uint32(offset), index: reader.uint16(offset + 4),
                    count: reader.uint16(offset + 6), entries: [])
            case HelloField.entriesV4, HelloField.entriesV6:
                let family: IPFamily = field.type == HelloField.entriesV4 ? .ipv4 : .ipv6
                let length = family == .ipv4 ? HelloFrame.claimBytesV4 : HelloFrame.claimBytesV6
                guard field.value.count % length == 0 else { throw .badField }
                entries.reserveCapacity(entries.count + field.value.count / length)
                for offset in stride(from: field.value.lowerBound, to: field.value.upperBound, by: length) {
                    if let entry = try reader.claim(offset, family) { entries.append(entry) }
                }
            default: break
            }
        }
        guard var part else { throw .missingField }
        guard part.index < part.count else { throw .badField }
        part.entries = entries
        return part
    }

    private func refusals() throws(HelloDropReason) -> [Refusal] {
        let reader = ByteReader(bytes: bytes)
        var refusals: [Refusal] = []
        var cursor = fields.lowerBound
        while let field = try reader.field(at: &cursor, end: fields.upperBound) {
            let family: IPFamily
            switch field.type {
            case HelloField.refusalV4: family = .ipv4
            case HelloField.refusalV6: family = .ipv6
            default: continue
            }
            guard field.value.count == HelloField.refusalLength + family.bitWidth / 8 else { throw .badField }
            let offset = field.value.lowerBound
            refusals.append(
                Refusal(
                    to: NodeID(rawValue: reader.uint64(offset)),
                    address: reader.address(offset + HelloField.refusalLength, family),
                    allocation: bytes[offset + 8] & 1 != 0 ? reader.uint64(offset + 16) : nil))
        }
        guard !refusals.isEmpty else { throw .missingField }
        return refusals
    }
}

/// Reads numbers in network byte order, at offsets that the caller has checked.
private struct ByteReader {
    let bytes: [UInt8]

    func uint16(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }
    func uint32(_ offset: Int) -> UInt32 { UInt32(uint16(offset)) << 16 | UInt32(uint16(offset + 2)) }
    func uint64(_ offset: Int) -> UInt64 { UInt64(uint32(offset)) << 32 | UInt64(uint32(offset + 4)) }
    func uint128(_ offset: Int) -> UInt128 { UInt128(uint64(offset)) << 64 | UInt128(uint64(offset + 8)) }

    func address(_ offset: Int, _ family: IPFamily) -> IPAddress {
        family == .ipv4
            ? .v4(IPv4Address(rawValue: uint32(offset))) : .v6(IPv6Address(rawValue: uint128(offset)))
    }

    /// The field at `cursor`, which then stands behind it; `nil` at the end.
    func field(at cursor: inout Int, end: Int) throws(HelloDropReason) -> (type: UInt8, value: Range<Int>)? {
        guard cursor < end else { return nil }
        guard end - cursor >= HelloField.headerLength else { throw .badLength }
        let value = cursor + HelloField.headerLength
        let length = Int(uint16(cursor + 1))
        guard end - value >= length else { throw .badLength }
        defer { cursor = value + length }
        return (bytes[cursor], value..<value + length)
    }

    /// `nil` for a kind of claim that a later release added.
    func claim(_ offset: Int, _ family: IPFamily) throws(HelloDropReason) -> ClaimEntry? {
        let node = NodeID(rawValue: uint64(offset + 16))
        let kind: ClaimEntry.Kind
        switch bytes[offset] {
        case 0: throw .badField
        case 1: kind = .own
        case 2: kind = .offer(to: node, settling: bytes[offset + 1] & 1 != 0)
        case 3: kind = .held(owner: node)
        default: return nil
        }
        return ClaimEntry(
            address: address(offset + HelloField.entryLength, family), term: uint32(offset + 4),
            allocation: uint64(offset + 8), kind: kind)
    }
}
