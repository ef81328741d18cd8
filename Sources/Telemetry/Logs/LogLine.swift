package import Foundation
package import Logging

/// One log event, and its two written forms.
package struct LogLine {
    package var time: Date
    package var level: Logger.Level
    package var logger: String
    package var message: String
    package var metadata: Logger.Metadata

    package init(time: Date, level: Logger.Level, logger: String, message: String, metadata: Logger.Metadata) {
        (self.time, self.level, self.logger) = (time, level, logger)
        (self.message, self.metadata) = (message, metadata)
    }

    /// The line with its newline; metadata sorted by key.
    package func text(_ format: LogFormat) -> String {
        let sorted = metadata.sorted { $0.key < $1.key }
        let stamp = time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        switch format {
        case .text:
            var line = "\(stamp) \(level.rawValue.uppercased()) \(logger): \(Self.oneLine(message))"
            for (key, value) in sorted { line += " \(key)=\(Self.quotedIfNeeded("\(value)"))" }
            return line + "\n"
        case .json:
            var line = "{\"time\":\"\(stamp)\",\"level\":\"\(level.rawValue)\",\"logger\":\(Self.json(logger))"
            line += ",\"message\":\(Self.json(message))"
            for (key, value) in sorted where !Self.reserved.contains(key) {
                line += ",\(Self.json(key)):\(Self.json(value))"
            }
            return line + "}\n"
        }
    }

    private static let reserved: Set<String> = ["time", "level", "logger", "message"]

    private static func oneLine(_ text: String) -> String {
        text.utf8.allSatisfy { $0 >= 0x20 } ? text : String(json(text).dropFirst().dropLast())
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        let plain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3d }
        return plain ? text : json(text)
    }

    private static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): json(text)
        case .stringConvertible(let value): json(value.description)
        case .array(let values): "[" + values.map(json).joined(separator: ",") + "]"
        case .dictionary(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(json($0.value))" }.joined(separator: ",")
                + "}"
        }
    }

    // RFC 8259 §7: quotation mark, reverse solidus and U+0000 to U+001F must be escaped.
    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
