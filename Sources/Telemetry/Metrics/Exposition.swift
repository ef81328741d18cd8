/// Prometheus' text exposition format, version 0.0.4.
enum Exposition {
    static func append(_ family: MetricsRegistry.Family, to text: inout String) {
        let name = family.description.name
        text += "# HELP \(name) \(escapedHelp(family.description.help))\n"
        text += "# TYPE \(name) \(family.description.kind.rawValue)\n"
        for key in family.series.keys.sorted() {
            guard let series = family.series[key] else { continue }
            switch series.value {
            case .integer(let value): text += "\(name)\(braced(key)) \(value)\n"
            case .number(let value): text += "\(name)\(braced(key)) \(number(value))\n"
            case .histogram(let counts, let sum):
                append(histogram: name, key, bounds: family.description.buckets, counts, sum, to: &text)
            }
        }
    }

    private static func append(
        histogram name: String, _ key: String, bounds: [Double], _ counts: [UInt64], _ sum: Double,
        to text: inout String
    ) {
        let prefix = key.isEmpty ? "" : key + ","
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? number(bounds[index]) : "+Inf"
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        text += "\(name)_sum\(braced(key)) \(number(sum))\n"
        text += "\(name)_count\(braced(key)) \(total)\n"
    }

    /// The inside of the braces: `a="b",c="d"`, sorted by name.
    static func labels(_ labels: [(String, String)]) -> String {
        labels.sorted { $0.0 < $1.0 }.map { "\($0.0)=\"\(escapedValue($0.1))\"" }.joined(separator: ",")
    }

    private static func braced(_ key: String) -> String { key.isEmpty ? "" : "{\(key)}" }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        return "\(value)"
    }

    private static func escapedHelp(_ text: String) -> String {
        text.flatMap { $0 == "\\" ? "\\\\" : $0 == "\n" ? "\\n" : String($0) }.map(String.init).joined()
    }

    private static func escapedValue(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x5c || $0 == 0x0a }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
