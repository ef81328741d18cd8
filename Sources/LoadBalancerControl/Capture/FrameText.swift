import NetworkAddresses
import Wire

/// One captured frame as Herald sees it: what it says, or why it would be dropped.
struct FrameText {
    /// One line.
    let text: String
    /// The drop reason's metric label; nil for a frame that is understood.
    let dropReason: String?

    init(_ octets: [UInt8]) {
        do throws(DropReason) {
            let ethernet = try EthernetHeader(parsing: octets.span)
            if ethernet.etherType == .hello {
                self.init(hello: octets, ethernet)
                return
            }
            self.init(text: Self.text(try LinkFrame(parsing: octets.span)), dropReason: nil)
        } catch {
            self.init(text: "dropped: \(error)", dropReason: "\(error)")
        }
    }

    private init(text: String, dropReason: String?) { (self.text, self.dropReason) = (text, dropReason) }

    static func text(_ frame: LinkFrame) -> String {
        let hop = "\(frame.ethernet.source) > \(frame.ethernet.destination)"
        switch frame {
        case .arp(_, let packet): return "\(hop) ARP \(text(packet))"
        case .solicitation(_, let message):
            return message.isDuplicateAddressDetection
                ? "\(hop) NDP probe for \(message.target) (duplicate address detection)"
                : "\(hop) NDP who has \(message.target)? tell \(message.source)"
        case .advertisement(_, let message):
            let flags = [
                message.isRouter ? "router" : nil, message.isSolicited ? "solicited" : nil,
                message.overrides ? "override" : nil,
            ]
            .compactMap { $0 }.joined(separator: ", ")
            let place = message.targetLinkLayer.map { "is at \($0)" } ?? "without a link-layer address"
            return "\(hop) NDP \(message.target) \(place)\(flags.isEmpty ? "" : " (\(flags))")"
        }
    }

    private static func text(_ packet: ARPPacket) -> String {
        switch packet.operation {
        case .request where packet.sender == .unspecified: "probe for \(packet.target)"
        case .request where packet.sender == packet.target:
            "announcement: \(packet.sender) is at \(packet.senderHardware)"
        case .request: "who has \(packet.target)? tell \(packet.sender)"
        case .reply where packet.sender == packet.target:
            "announcement (reply): \(packet.sender) is at \(packet.senderHardware)"
        case .reply: "\(packet.sender) is at \(packet.senderHardware)"
        }
    }

    /// The frame's own cluster is taken for ours, and its tag is not checked: the key is in the cluster.
    private init(hello octets: [UInt8], _ ethernet: EthernetHeader) {
        let start = EthernetHeader.length
        let cluster = octets.dropFirst(start + 4).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        do throws(HelloDropReason) {
            let view = try HelloFrameView(octets, at: start, cluster: ClusterID(rawValue: cluster))
            let name = (try? view.sender())?.name ?? Self.hexadecimal(view.header.node.rawValue)
            let phase = "\(view.header.phase)" + (view.header.isStale ? ", stale" : "")
            let head = "\(ethernet.source) Hello from \(name) #\(view.header.sequence) (\(phase))"
            self.init(text: "\(head): \(Self.text(try view.body()))", dropReason: nil)
        } catch {
            self.init(
                text: "\(ethernet.source) Hello dropped: \(error.rawValue)", dropReason: "hello_\(error.rawValue)")
        }
    }

    private static func hexadecimal(_ value: UInt64) -> String { String(value, radix: 16) }

    private static func text(_ body: HelloFrame.Body) -> String {
        switch body {
        case .hello(let heard, let unheard):
            return "hears \(heard.count) peers" + (unheard.isEmpty ? "" : ", misses \(unheard.count)")
        case .claims(let part):
            let entries = part.entries.prefix(4).map { entry in
                switch entry.kind {
                case .own: "\(entry.address) term \(entry.term)"
                case .offer: "offers \(entry.address) term \(entry.term)"
                case .held: "holds \(entry.address) term \(entry.term) for another"
                }
            }
            let more = part.entries.count > 4 ? " and \(part.entries.count - 4) more" : ""
            return "claims \(entries.isEmpty ? "nothing" : entries.joined(separator: ", "))\(more)"
                + (part.count > 1 ? " (part \(part.index + 1) of \(part.count))" : "")
        case .refuse(let refusals):
            let more = refusals.count > 4 ? " and \(refusals.count - 4) more" : ""
            return "refuses \(refusals.prefix(4).map(\.address.description).joined(separator: ", "))\(more)"
        }
    }
}
