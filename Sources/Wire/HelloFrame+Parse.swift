import NetworkAddresses

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
        let span = bytes.span
        guard span.uint16(at: start) == HelloFrame.magic else { throw .foreignProtocol }
        let version = bytes[start + 2]
        // A release accepts its own version and the one before.
        guard version == HelloFrame.version || (version > 0 && version == HelloFrame.version - 1) else {
            throw .unknownVersion
        }
        kind = bytes[start + 3]
        guard (1...3).contains(kind) else { throw .unknownKind }
        let sender = ClusterID(rawValue: span.uint64(at: start + 4))
        guard sender == cluster else { throw .otherCluster }
        guard let phase = HelloPhase(rawValue: bytes[start + 42]) else { throw .unknownPhase }
        let length = Int(span.uint16(at: start + 50))
        fields = start + HelloHeader.byteCount..<start + HelloHeader.byteCount + length
        guard fields.upperBound + HelloTag.byteCount <= bytes.count else { throw .badLength }
        var header = HelloHeader(
            cluster: sender, node: NodeID(rawValue: span.uint64(at: start + 12)),
            incarnation: span.uint64(at: start + 20), sequence: span.uint64(at: start + 28),
            hardwareAddress: span.macAddress(at: start + 36),
            phase: phase, isStale: bytes[start + 43] & 1 != 0, details: span.uint32(at: start + 44))
        header.isLate = bytes[start + 43] & 2 != 0
        self.header = header
        (self.bytes, self.start) = (bytes, start)
    }

    /// Whether one of the keys made the tag.
    public func isAuthentic(_ keys: HelloKeys, _ authenticator: some HelloAuthenticator) -> Bool {
        let signed = bytes[start..<fields.upperBound]
        let span = bytes.span
        let tag = HelloTag(high: span.uint64(at: fields.upperBound), low: span.uint64(at: fields.upperBound + 8))
        if authenticator.tag(signed, key: keys.current).isSame(as: tag) { return true }
        guard let previous = keys.previous else { return false }
        return authenticator.tag(signed, key: previous).isSame(as: tag)
    }

    /// The describing fields. Read when `header.details` changes.
    public func sender() throws(HelloDropReason) -> HelloSender {
        let span = bytes.span
        var name: String?
        var interfaceName = ""
        var addresses: [IPAddress] = []
        var cursor = fields.lowerBound
        while let field = try span.field(at: &cursor, end: fields.upperBound) {
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
                    addresses.append(.v4(span.ipv4Address(at: offset)))
                }
            case HelloField.addressesV6:
                guard field.value.count % 16 == 0, field.value.count <= 16 * HelloSender.addressLimit else {
                    throw .badField
                }
                for offset in stride(from: field.value.lowerBound, to: field.value.upperBound, by: 16) {
                    addresses.append(.v6(span.ipv6Address(at: offset)))
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
        let span = bytes.span
        var heard: [NodeID]?
        var unheard: [NodeID] = []
        var cursor = fields.lowerBound
        while let field = try span.field(at: &cursor, end: fields.upperBound) {
            guard field.type == HelloField.heard || field.type == HelloField.unheard else { continue }
            guard field.value.count % 8 == 0 else { throw .badField }
            let nodes = stride(from: field.value.lowerBound, to: field.value.upperBound, by: 8).map {
                NodeID(rawValue: bytes.span.uint64(at: $0))
            }
            if field.type == HelloField.heard { heard = nodes } else { unheard = nodes }
        }
        guard let heard else { throw .missingField }
        return .hello(heard: heard, unheard: unheard)
    }

    private func claims() throws(HelloDropReason) -> ClaimsPart {
        let span = bytes.span
        var part: ClaimsPart?
        var entries: [ClaimEntry] = []
        var cursor = fields.lowerBound
        while let field = try span.field(at: &cursor, end: fields.upperBound) {
            switch field.type {
            case HelloField.part:
                guard field.value.count == HelloField.partLength else { throw .badField }
                let offset = field.value.lowerBound
                part = ClaimsPart(
                    generation: span.uint32(at: offset), index: span.uint16(at: offset + 4),
                    count: span.uint16(at: offset + 6), entries: [])
            case HelloField.entriesV4, HelloField.entriesV6:
                let family: IPFamily = field.type == HelloField.entriesV4 ? .ipv4 : .ipv6
                let length = family == .ipv4 ? HelloFrame.claimBytesV4 : HelloFrame.claimBytesV6
                guard field.value.count % length == 0 else { throw .badField }
                entries.reserveCapacity(entries.count + field.value.count / length)
                for offset in stride(from: field.value.lowerBound, to: field.value.upperBound, by: length) {
                    if let entry = try span.claim(offset, family) { entries.append(entry) }
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
        let span = bytes.span
        var refusals: [Refusal] = []
        var cursor = fields.lowerBound
        while let field = try span.field(at: &cursor, end: fields.upperBound) {
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
                    to: NodeID(rawValue: span.uint64(at: offset)),
                    address: span.address(offset + HelloField.refusalLength, family),
                    allocation: bytes[offset + 8] & 1 != 0 ? span.uint64(at: offset + 16) : nil))
        }
        guard !refusals.isEmpty else { throw .missingField }
        return refusals
    }
}

// At offsets that the caller has checked.
extension Span where Element == UInt8 {
    fileprivate func address(_ offset: Int, _ family: IPFamily) -> IPAddress {
        family == .ipv4 ? .v4(ipv4Address(at: offset)) : .v6(ipv6Address(at: offset))
    }

    /// The field at `cursor`, which then stands behind it; `nil` at the end.
    fileprivate func field(at cursor: inout Int, end: Int) throws(HelloDropReason) -> (type: UInt8, value: Range<Int>)?
    {
        guard cursor < end else { return nil }
        guard end - cursor >= HelloField.headerLength else { throw .badLength }
        let value = cursor + HelloField.headerLength
        let length = Int(uint16(at: cursor + 1))
        guard end - value >= length else { throw .badLength }
        defer { cursor = value + length }
        return (self[cursor], value..<value + length)
    }

    /// `nil` for a kind of claim that a later release added.
    fileprivate func claim(_ offset: Int, _ family: IPFamily) throws(HelloDropReason) -> ClaimEntry? {
        let node = NodeID(rawValue: uint64(at: offset + 16))
        let kind: ClaimEntry.Kind
        switch self[offset] {
        case 0: throw .badField
        case 1: kind = .own
        case 2: kind = .offer(to: node, settling: self[offset + 1] & 1 != 0)
        case 3: kind = .held(owner: node)
        default: return nil
        }
        return ClaimEntry(
            address: address(offset + HelloField.entryLength, family), term: uint32(at: offset + 4),
            allocation: uint64(at: offset + 8), kind: kind)
    }
}
