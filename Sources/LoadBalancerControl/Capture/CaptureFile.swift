/// A capture as tcpdump and Wireshark write it: pcap, or pcapng with Ethernet interfaces.
///
/// Read in Swift: the format is a page long, and so lbctl needs no libpcap where it runs.
struct CaptureFile {
    struct Frame {
        /// Microseconds since 1970; never negative.
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
        /// The same in both octet orders.
        static let section = 0x0A0D_0D0A
        static let interface = 1
        static let enhancedPacket = 6
    }

    /// What a pcapng interface says of its packets.
    private struct Interface {
        private enum Option {
            static let end = 0
            static let resolution = 9
        }

        let linkType: Int
        /// if_tsresol: ticks are negative powers of ten, or of two when the highest bit is set.
        private var resolution = 6

        /// - Parameter body: the block without its head and tail.
        init(_ reader: Reader, _ body: Range<Int>) {
            linkType = reader.number(body.lowerBound, 2)
            var offset = body.lowerBound + 8
            while offset + 4 <= body.upperBound {
                let (code, length) = (reader.number(offset, 2), reader.number(offset + 2, 2))
                guard code != Option.end, offset + 4 + length <= body.upperBound else { return }
                if code == Option.resolution, length == 1 { resolution = reader.number(offset + 4, 1) }
                offset += 4 + (length + 3) / 4 * 4
            }
        }

        /// What is no time of ours is the last one that can be told.
        func microseconds(_ ticks: UInt64) -> Int64 {
            let exponent = resolution & 0x7F
            if resolution & 0x80 != 0 {
                let (seconds, rest) = (ticks >> exponent, ticks & ~(UInt64.max << exponent))
                let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
                let (high, low) = rest.multipliedFullWidth(by: 1_000_000)
                let fraction = exponent < 64 ? high << (64 - exponent) | low >> exponent : high >> (exponent - 64)
                return overflows || whole > Int64.max ? .max : Int64(clamping: whole + fraction)
            }
            var time = ticks
            for _ in 6..<max(6, exponent) { time /= 10 }
            for _ in min(6, exponent)..<6 {
                let (product, overflows) = time.multipliedReportingOverflow(by: 10)
                if overflows { return .max }
                time = product
            }
            return Int64(clamping: time)
        }
    }

    private mutating func readPcapNG(_ bytes: [UInt8]) throws(Refusal) {
        var reader = Reader(bytes: bytes, isLittle: true)
        var interfaces: [Interface] = []
        var offset = 0
        while offset + 12 <= bytes.count {
            if reader.number(offset, 4) == Block.section {
                reader = Reader(bytes: bytes, isLittle: bytes[offset + 8] == 0x4D)
                interfaces = []
            }
            let (type, length) = (reader.number(offset, 4), reader.number(offset + 4, 4))
            guard length >= 12, length % 4 == 0 else { throw .damaged(at: offset) }
            guard offset + length <= bytes.count else {
                isCutShort = true
                return
            }
            switch type {
            case Block.interface: interfaces.append(Interface(reader, offset + 8..<offset + length - 4))
            case Block.enhancedPacket:
                let interface = reader.number(offset + 8, 4)
                guard interface < interfaces.count else { throw .damaged(at: offset) }
                let linkType = interfaces[interface].linkType
                guard linkType == Self.ethernet else { throw .linkType(linkType) }
                let kept = reader.number(offset + 20, 4)
                guard 28 + kept <= length else { throw .damaged(at: offset) }
                let ticks = UInt64(reader.number(offset + 12, 4)) << 32 | UInt64(reader.number(offset + 16, 4))
                let time = interfaces[interface].microseconds(ticks)
                frames.append(Frame(time: time, octets: Array(bytes[offset + 28..<offset + 28 + kept])))
            default: break
            }
            offset += length
        }
    }
}
