import KubernetesModel

/// How long ago something was, in kubectl's short form; what is ahead by the clock of some node was just now.
enum Age {
    static func text(since time: Timestamp?, now: Timestamp) -> String {
        time.map { min($0, now).age(at: now) } ?? "<unknown>"
    }
}
