/// Numbers as sorted closed intervals, merged across the narrowest gaps until they are few enough.
struct Intervals: Sendable {
    private(set) var values: [ClosedRange<UInt32>] = []

    init(_ numbers: [UInt32], limit: Int) {
        for number in numbers.sorted() {
            if let last = values.last, number <= last.upperBound &+ 1 || number == last.upperBound {
                values[values.count - 1] = last.lowerBound...max(number, last.upperBound)
            } else {
                values.append(number...number)
            }
        }
        guard values.count > limit, limit > 0 else { return }
        let gaps = values.indices.dropFirst()
            .sorted {
                values[$0].lowerBound - values[$0 - 1].upperBound > values[$1].lowerBound - values[$1 - 1].upperBound
            }
        let kept = Set(gaps.prefix(limit - 1))
        var merged: [ClosedRange<UInt32>] = []
        for index in values.indices {
            if let last = merged.last, !kept.contains(index) {
                merged[merged.count - 1] = last.lowerBound...values[index].upperBound
            } else {
                merged.append(values[index])
            }
        }
        values = merged
    }
}
