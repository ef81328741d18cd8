/// A set of 32-bit numbers in a form that a filter can search: exact where it is small or dense enough, else a Bloom
/// filter (Bloom, 1970), which also lets a few others through.
///
/// A classic BPF program has no memory to look into: the table is the program's own constants, found by a binary
/// search. A row of numbers costs two instructions, 64 numbers of which any may be missing cost four.
struct FilterTable: Sendable {
    /// What holds from `lower` to the next segment.
    struct Segment: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            case miss, hit
            /// 64 numbers from a multiple of 64 on, one bit for each.
            case bits(UInt64)
        }

        var lower: UInt32
        var kind: Kind
    }

    /// Spreads the numbers evenly over 0 ..< `values`.
    struct Hash: Sendable {
        /// Odd.
        var factor: UInt32
        /// At most 65,536.
        var values: UInt32

        /// Only what BPF can do too.
        func callAsFunction(_ number: UInt32) -> UInt32 { (((number &* factor) >> 16) &* values) >> 16 }
    }

    /// Searched one after the other; a number must be found in all of them.
    private(set) var parts: [(hash: Hash?, segments: [Segment])]
    private(set) var instructionCount = 0

    /// The most exact table of at most `limit` instructions; when that lets most numbers through, one of `fallback`
    /// intervals.
    init(_ intervals: Intervals, instructions limit: Int, fallback: Int) {
        self.init(exactly: intervals)
        if instructionCount <= limit { return }
        // A block of 64 bits costs four instructions, and now and then a long jump; a part costs 16 more.
        let bits = (limit - 48) * 10 / 41 * 64
        // With fewer bits for each number than these, more than one in seven of the others passes.
        if bits >= 4 * intervals.count {
            self.init(hashing: intervals, bits: bits)
            if instructionCount <= limit { return }
        }
        self.init(exactly: intervals.merged(to: fallback))
    }

    /// Every interval, with the narrowest gaps closed until few are left.
    init(_ intervals: Intervals, limit: Int) { self.init(exactly: intervals.merged(to: limit)) }

    private init(exactly intervals: Intervals) {
        var builder = SegmentBuilder()
        for interval in intervals.values { builder.add(interval) }
        self.init([(nil, builder.finish())])
    }

    private init(hashing intervals: Intervals, bits: Int) {
        // 2³² by the golden ratio, and two multipliers of Steele and Vigna (2021).
        let factors: [UInt32] = [0x9E37_79B1, 0x93D7_65DD, 0xADB4_A92D]
        let hashes = factors.map { Hash(factor: $0, values: UInt32(min(bits / factors.count, 1 << 16))) }
        self.init(
            hashes.map { hash in
                var blocks = [UInt64](repeating: 0, count: Int(hash.values + 63) / 64)
                for interval in intervals.values {
                    for number in interval {
                        let value = hash(number)
                        blocks[Int(value / 64)] |= 1 << UInt64(value % 64)
                    }
                }
                var builder = SegmentBuilder()
                for (index, bits) in blocks.enumerated() { builder.add(bits, in: UInt32(index * 64)) }
                return (hash, builder.finish())
            })
    }

    private init(_ parts: [(hash: Hash?, segments: [Segment])]) {
        self.parts = parts
        // Each segment but the first needs a branch: too many for any program need not be tried.
        guard parts.reduce(0, { $0 + $1.segments.count }) <= 1 << 12 else {
            instructionCount = .max
            return
        }
        var program = FilterAssembler()
        let (hit, miss) = (program.end(accepting: true), program.end(accepting: false))
        _ = program.search(self, at: 0, hit: hit, miss: miss)
        instructionCount = program.here - 2
    }
}

/// Makes segments of ascending intervals or blocks.
private struct SegmentBuilder {
    private var segments: [FilterTable.Segment] = [FilterTable.Segment(lower: 0, kind: .miss)]
    private var block: UInt32 = 0
    private var bits: UInt64 = 0

    mutating func add(_ interval: ClosedRange<UInt32>) {
        var lower = interval.lowerBound
        while true {
            let upper = min(lower | 63, interval.upperBound)
            let length = UInt64(upper - lower) + 1
            add((.max >> (64 - length)) << UInt64(lower % 64), in: lower & ~63)
            guard upper < interval.upperBound else { return }
            lower = upper + 1
            // All whole blocks that follow, in one step.
            let rest = interval.upperBound & ~63
            if lower < rest {
                flush()
                append(.hit, from: lower)
                lower = rest
            }
        }
    }

    /// Adds numbers of the 64 from `base` on, one bit for each.
    mutating func add(_ bits: UInt64, in base: UInt32) {
        if base != block { flush() }
        block = base
        self.bits |= bits
    }

    mutating func finish() -> [FilterTable.Segment] {
        flush()
        return segments
    }

    /// Writes the block down: as bits when it has so many gaps that this is shorter.
    private mutating func flush() {
        defer { bits = 0 }
        guard (bits & ~(bits << 1)).nonzeroBitCount > 2 else {
            while bits != 0 {
                let first = bits.trailingZeroBitCount
                let length = (~(bits >> UInt64(first))).trailingZeroBitCount
                append(.hit, from: block + UInt32(first))
                appendMiss(after: block + UInt32(first + length - 1))
                bits &= ~((.max >> UInt64(64 - length)) << UInt64(first))
            }
            return
        }
        append(.bits(bits), from: block)
        appendMiss(after: block | 63)
    }

    private mutating func appendMiss(after last: UInt32) {
        if last < .max { append(.miss, from: last + 1) }
    }

    private mutating func append(_ kind: FilterTable.Segment.Kind, from lower: UInt32) {
        if segments.last?.lower == lower { segments.removeLast() }
        if kind.hasBits || segments.last?.kind != kind {
            segments.append(FilterTable.Segment(lower: lower, kind: kind))
        }
    }
}

extension FilterTable.Segment.Kind {
    fileprivate var hasBits: Bool { if case .bits = self { true } else { false } }
}

extension FilterAssembler {
    /// Looks for the word at `offset` of the frame in a table.
    mutating func search(_ table: FilterTable, at offset: UInt32, hit: Label, miss: Label) -> Label {
        var next = hit
        for (hash, segments) in table.parts.reversed() {
            let hasBits = segments.contains { $0.kind.hasBits }
            let bits = hasBits ? testBit(hit: next, miss: miss) : miss
            let root = search(segments[...], hit: next, miss: miss, bits: bits)
            jump(to: root)
            if hasBits { put(0x02, 0) }  // M[0] = A
            if let hash {
                put(0x74, 16)  // A >>= 16
                put(0x24, hash.values)  // A *= values
                put(0x74, 16)
                put(0x24, hash.factor)
            }
            load(.word, at: offset)
            next = here
        }
        return next
    }

    private mutating func search(
        _ segments: ArraySlice<FilterTable.Segment>, hit: Label, miss: Label, bits: Label
    ) -> Label {
        if segments.count == 1, let only = segments.first {
            switch only.kind {
            case .hit: return hit
            case .miss: return miss
            case .bits(let mask):
                jump(to: bits)
                put(0x01, UInt32(truncatingIfNeeded: mask >> 32))  // X = upper 32 bits
                put(0x00, UInt32(truncatingIfNeeded: mask))  // A = lower 32 bits
                return here
            }
        }
        let middle = (segments.startIndex + segments.endIndex) / 2
        let upper = search(segments[middle...], hit: hit, miss: miss, bits: bits)
        let lower = search(segments[..<middle], hit: hit, miss: miss, bits: bits)
        branch(.greaterOrEqual, segments[middle].lower, to: upper, else: lower)
        return here
    }

    /// Tests bit M[0] % 64 of the 64 in X and A.
    private mutating func testBit(hit: Label, miss: Label) -> Label {
        branch(.anyBit, 1, to: hit, else: miss)
        put(0x7C)  // A >>= X
        put(0x60, 1)  // A = M[1]
        put(0x07)  // X = A
        put(0x54, 31)  // A &= 31
        let lower = here
        put(0x03, 1)  // M[1] = X
        let upper = here
        branch(.anyBit, 32, to: upper, else: lower)
        put(0x60, 0)  // A = M[0]
        put(0x02, 1)  // M[1] = A
        return here
    }
}
