import NetworkAddresses

/// A set of addresses of one family as sorted runs that neither overlap nor touch.
///
/// Every operation costs the logarithm of the number of runs, or a move of the array behind the place of a change:
/// a /64 costs as much as a /24.
struct AddressRuns: Sendable, Hashable {
    /// Kept as IPv6Address is, in halves of 8-byte alignment.
    struct Run: Sendable, Hashable {
        private var lower: IPv6Address
        private var upper: IPv6Address

        init(first: UInt128, last: UInt128) {
            (lower, upper) = (IPv6Address(rawValue: first), IPv6Address(rawValue: last))
        }

        var first: UInt128 {
            get { lower.rawValue }
            set { lower = IPv6Address(rawValue: newValue) }
        }

        var last: UInt128 {
            get { upper.rawValue }
            set { upper = IPv6Address(rawValue: newValue) }
        }
    }

    private(set) var runs: [Run] = []

    init() {}

    init(_ ranges: some Sequence<IPRange>) {
        for range in ranges { insert(range.first.rawValue, range.last.rawValue) }
    }

    var isEmpty: Bool { runs.isEmpty }
    var lowest: UInt128? { runs.first?.first }

    /// Stops at `UInt128.max`.
    var count: UInt128 {
        runs.reduce(0) { sum, run in
            let (length, wraps) = (run.last - run.first).addingReportingOverflow(1)
            let (total, overflows) = sum.addingReportingOverflow(length)
            return wraps || overflows ? .max : total
        }
    }

    /// The index of the first run that ends at or above `value`.
    private func index(endingAtOrAbove value: UInt128) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].last < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func contains(_ value: UInt128) -> Bool {
        let index = index(endingAtOrAbove: value)
        return index < runs.count && runs[index].first <= value
    }

    mutating func insert(_ value: UInt128) { insert(value, value) }

    mutating func insert(_ first: UInt128, _ last: UInt128) {
        var run = Run(first: first, last: last)
        // A run that ends just below touches, and is joined.
        let start = index(endingAtOrAbove: first == 0 ? 0 : first - 1)
        var end = start
        while end < runs.count, last == .max || runs[end].first <= last + 1 {
            run.first = min(run.first, runs[end].first)
            run.last = max(run.last, runs[end].last)
            end += 1
        }
        if end == start + 1 {
            runs[start] = run
        } else {
            runs.replaceSubrange(start..<end, with: CollectionOfOne(run))
        }
    }

    mutating func remove(_ value: UInt128) { remove(value, value) }

    mutating func remove(_ first: UInt128, _ last: UInt128) {
        let start = index(endingAtOrAbove: first)
        guard start < runs.count, runs[start].first <= last else { return }
        if runs[start].first == first, first == last, runs[start].last > last {
            runs[start].first += 1
            return
        }
        var end = start
        var rest: [Run] = []
        while end < runs.count, runs[end].first <= last {
            if runs[end].first < first { rest.append(Run(first: runs[end].first, last: first - 1)) }
            if runs[end].last > last { rest.append(Run(first: last + 1, last: runs[end].last)) }
            end += 1
        }
        runs.replaceSubrange(start..<end, with: rest)
    }
}
