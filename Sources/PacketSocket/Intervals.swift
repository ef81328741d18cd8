/// Numbers as sorted closed intervals.
struct Intervals: Sendable {
    private(set) var values: [ClosedRange<UInt32>] = []

    init(_ numbers: [UInt32]) {
        for number in numbers.sorted() {
            if let last = values.last, number <= last.upperBound &+ 1 || number == last.upperBound {
                values[values.count - 1] = last.lowerBound...max(number, last.upperBound)
            } else {
                values.append(number...number)
            }
        }
    }

    /// How many numbers there are.
    var count: Int { values.reduce(0) { $0 + $1.count } }

    /// With the narrowest gaps closed until no more than `limit` intervals are left.
    func merged(to limit: Int) -> Intervals {
        guard values.count > limit, limit > 0 else { return self }
        let gaps = values.indices.dropFirst()
            .sorted {
                values[$0].lowerBound - values[$0 - 1].upperBound > values[$1].lowerBound - values[$1 - 1].upperBound
            }
        let kept = Set(gaps.prefix(limit - 1))
        var result = self
        result.values = []
        for index in values.indices {
            if let last = result.values.last, !kept.contains(index) {
                result.values[result.values.count - 1] = last.lowerBound...values[index].upperBound
            } else {
                result.values.append(values[index])
            }
        }
        return result
    }
}
