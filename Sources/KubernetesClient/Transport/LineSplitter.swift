import FoundationEssentials

/// Cuts a stream of bytes at line feeds.
struct LineSplitter: Sendable {
    /// The line that has begun and not ended.
    private(set) var rest = Data()

    /// Takes in some bytes, and emits every line that they complete. Empty lines are dropped.
    mutating func append(_ chunk: Data, emit: (Data) -> Void) {
        var start = chunk.startIndex
        for end in Self.lineFeeds(in: chunk) {
            if rest.isEmpty {
                if end > start { emit(Data(chunk[start..<end])) }
            } else {
                rest.append(chunk[start..<end])
                emit(rest)
                rest = Data()
            }
            start = end + 1
        }
        if start < chunk.endIndex { rest.append(chunk[start...]) }
    }

    private static func lineFeeds(in chunk: Data) -> [Int] {
        let bytes = chunk.span
        var found: [Int] = []
        for index in bytes.indices where bytes[index] == 10 { found.append(chunk.startIndex + index) }
        return found
    }
}
