extension Timestamp {
    /// How long before `now` this was, as kubectl shows it (`duration.HumanDuration` of apimachinery): `37s`, `5m12s`, `3h`,
    /// `2d4h`, `400d`; `<invalid>` when it is more than a second ahead.
    public func age(at now: Timestamp) -> String {
        let seconds = (now.microseconds - microseconds) / 1_000_000
        if seconds < -1 { return "<invalid>" }
        if seconds < 120 { return "\(max(0, seconds))s" }
        let minutes = seconds / 60
        if minutes < 10 { return seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m\(seconds % 60)s" }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return minutes % 60 == 0 ? "\(hours)h" : "\(hours)h\(minutes % 60)m" }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if days < 8 { return hours % 24 == 0 ? "\(days)d" : "\(days)d\(hours % 24)h" }
        if days < 2 * 365 { return "\(days)d" }
        let years = days / 365
        return years < 8 && days % 365 != 0 ? "\(years)y\(days % 365)d" : "\(years)y"
    }
}
