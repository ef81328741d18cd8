/// Whether this speaker gets to run in time: late in more than 5 of the last 20 ticks of a Hello it ranks last for
/// taking addresses, until at most 2 were late.
struct Punctuality: Sendable {
    private var ticks: UInt32 = 0
    private(set) var isLate = false
    /// The thread woke up late since the last tick.
    var missed = false

    /// - Returns: whether `isLate` has changed.
    mutating func tick() -> Bool {
        ticks = (ticks << 1 | (missed ? 1 : 0)) & 0xF_FFFF
        missed = false
        let wasLate = isLate
        isLate = ticks.nonzeroBitCount > (wasLate ? 2 : 5)
        return isLate != wasLate
    }
}
