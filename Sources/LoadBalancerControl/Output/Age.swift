import KubernetesModel

/// How long ago something was, in kubectl's short form: `45s`, `3m20s`, `12m`, `5h`, `3d`.
enum Age {
    static func text(since time: Timestamp?, now: Timestamp) -> String {
        guard let time else { return "<unknown>" }
        let seconds = max(0, (now.microseconds - time.microseconds) / 1_000_000)
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<600: return "\(seconds / 60)m" + (seconds % 60 == 0 ? "" : "\(seconds % 60)s")
        case ..<10_800: return "\(seconds / 60)m"
        case ..<172_800: return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }
}
