import KubernetesModel

/// One thing that `lbctl validate` or `lbctl check` found: what, where, why, and what to do.
struct Finding: Sendable, Hashable, Comparable {
    enum Severity: String, Sendable, Comparable {
        case error, warning, note

        private var rank: Int { self == .error ? 0 : self == .warning ? 1 : 2 }
        static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    }

    let severity: Severity
    /// An object, a file or an interface.
    let subject: String
    /// What is so, with the evidence.
    let evidence: String
    let remedy: String

    init(_ severity: Severity, _ subject: String, _ evidence: String, _ remedy: String = "") {
        (self.severity, self.subject, self.evidence, self.remedy) = (severity, subject, evidence, remedy)
    }

    static func < (a: Finding, b: Finding) -> Bool {
        (a.severity, a.subject, a.evidence) < (b.severity, b.subject, b.evidence)
    }

    var line: String {
        "\(severity.rawValue.padded(to: 7))  \(subject): \(evidence)" + (remedy.isEmpty ? "" : " → \(remedy)")
    }

    var object: JSONValue {
        [
            "severity": .string(severity.rawValue), "subject": .string(subject), "evidence": .string(evidence),
            "remedy": .string(remedy),
        ]
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
