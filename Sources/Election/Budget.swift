import MonotonicTime

/// At most so many of something in one second, in turn: while there is not enough for all, nobody is served twice.
struct Budget: Sendable {
    private var second: Instant?
    private var spent = 0
    /// The beginning of the second in which somebody went without, until nobody has for a whole one.
    private var shortSince: Instant?
    private var isShort = false

    /// - Parameter served: when this one was served last, or since when it waits.
    mutating func spend(of limit: Int, served: Instant?, at now: Instant) -> Bool {
        if second.map({ now - $0 >= .seconds(1) }) ?? true {
            if !isShort { shortSince = nil }
            (second, spent, isShort) = (now, 0, false)
        }
        if let shortSince, let served, served >= shortSince { return false }
        guard spent < limit else {
            shortSince = shortSince ?? second
            isShort = true
            return false
        }
        spent += 1
        return true
    }
}
