/// A capture as tcpdump and Wireshark write it: pcap, or pcapng with Ethernet interfaces.
///
/// Read in Swift: the format is a page long, and so lbctl needs no libpcap where it runs.
struct CaptureFile {
    struct Frame {
        /// Microseconds since 1970.
        let time: Int64
        let octets: [UInt8]
    }

    enum Refusal: Error, CustomStringConvertible {
        case notACapture
        case linkType(Int)
        case damaged(at: Int)

        var description: String {
            switch self {
            case .notACapture: "is no pcap or pcapng file; record one with `tcpdump -w FILE`"
            case .linkType(let type):
                "was not recorded on Ethernet (link type \(type)); record on the interface itself, not on `any`"
            case .damaged(let offset): "is damaged at octet \(offset)"
            }
        }
    }

    private(set) var frames: [Frame] = []
    /// Set when the last record is incomplete, as after a crash of the recorder.
    private(set) var isCutShort = false

    init(_ bytes: [UInt8]) throws(Refusal) {
        guard bytes.count >= 24 else { throw .notACapture }
        switch bytes[0..<4] {
        case [0xD4, 0xC3, 0xB2, 0xA1]: try readPcap(Reader(bytes: bytes, isLittle: true), ticks: 1)
        case [0xA1, 0xB2, 0xC3, 0xD4]: try readPcap(Reader(bytes: bytes, isLittle: false), ticks: 1)
        case [0x4D, 0x3C, 0xB2, 0xA1]: try readPcap(Reader(bytes: bytes, isLittle: true), ticks: 1000)
        case [0xA1, 0xB2, 0x3C, 0x4D]: try readPcap(Reader(bytes: bytes, isLittle: false), ticks: 1000)
        case [0x0A, 0x0D, 0x0D, 0x0A]: try readPcapNG(bytes)
        default: throw .notACapture
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        let isLittle: Bool

        /// A number of `width` octets; 0 beyond the end.
        func number(_ offset: Int, _ width: Int) -> Int {
            guard offset >= 0, offset + width <= bytes.count else { return 0 }
            let part = bytes[offset..<offset + width]
            return (isLittle ? part.reversed() : Array(part)).reduce(0) { $0 << 8 | Int($1) }
        }
    }

    private static let ethernet = 1

    /// - Parameter ticks: of the fraction of a second, in a microsecond.
    private mutating func readPcap(_ reader: Reader, ticks: Int) throws(Refusal) {
        let linkType = reader.number(20, 4) & 0xFFFF
        guard linkType == Self.ethernet else { throw .linkType(linkType) }
        var offset = 24
        while offset < reader.bytes.count {
            let length = reader.number(offset + 8, 4)
            guard length <= 1 << 18 else { throw .damaged(at: offset) }
            guard offset + 16 + length <= reader.bytes.count else {
                isCutShort = true
                return
            }
            let time = Int64(reader.number(offset, 4)) * 1_000_000 + Int64(reader.number(offset + 4, 4) / ticks)
            frames.append(Frame(time: time, octets: Array(reader.bytes[offset + 16..<offset + 16 + length])))
            offset += 16 + length
        }
    }

    private enum Block {
        static let section = 0x0A0D_0D0A
        static let interface = 1
        static let simplePacket = 3
        static let enhancedPacket = 6
    }

    private mutating func readPcapNG(_ bytes: [UInt8]) throws(Refusal) {
        var reader = Reader(bytes: bytes, isLittle: true)
        var linkTypes: [Int] = []
        var offset = 0
        while offset + 12 <= bytes.count {
            let isSection = bytes[offset..<offset + 4] == [0x0A, 0x0D, 0x0D, 0x0A]
            if isSection {
                reader = Reader(bytes: bytes, isLittle: bytes[offset + 8] == 0x4D)
                linkTypes = []
            }
            let (type, length) = (reader.number(offset, 4), reader.number(offset + 4, 4))
            guard length >= 12, length % 4 == 0 else { throw .damaged(at: offset) }
            guard offset + length <= bytes.count else {
                isCutShort = true
                return
            }
            switch type {
            case Block.interface: linkTypes.append(reader.number(offset + 8, 2))
            case Block.enhancedPacket:
                let interface = reader.number(offset + 8, 4)
                guard interface < linkTypes.count else { throw .damaged(at: offset) }
                guard linkTypes[interface] == Self.ethernet else { throw .linkType(linkTypes[interface]) }
                let kept = reader.number(offset + 20, 4)
                guard 28 + kept <= length else { throw .damaged(at: offset) }
                let time = Int64(reader.number(offset + 12, 4)) << 32 | Int64(reader.number(offset + 16, 4))
                frames.append(Frame(time: time, octets: Array(bytes[offset + 28..<offset + 28 + kept])))
            default: break
            }
            offset += length
        }
    }
}
