import MonotonicTime

/// Runs `operation`, and cancels it when it takes longer than `limit`.
///
/// - Throws: ``TransportError/timedOut(_:)`` with `message` when the limit passed, else what `operation` throws.
func withDeadline<Value: Sendable>(
    _ limit: Interval, _ message: String, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: limit.duration)
            throw TransportError.timedOut(message)
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw TransportError.cancelled }
        return first
    }
}

extension TransportError {
    /// Any error of a transport, as one of ours.
    init(_ error: any Error) {
        switch error {
        case let error as TransportError: self = error
        case is CancellationError: self = .cancelled
        default: self = .failed("\(error)")
        }
    }
}
