package import Foundation
package import Logging

/// Writes events at or above the process's level, as one line each.
///
/// A logger whose level was set by hand keeps that one; all others follow the process's.
package struct ProcessLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let processLevel: LogLevelSetting
    private var ownLevel: Logger.Level?
    private let sink: LogSink

    package init(label: String, level: LogLevelSetting, sink: LogSink) {
        (self.label, self.processLevel, self.sink) = (label, level, sink)
    }

    package var logLevel: Logger.Level {
        get { ownLevel ?? processLevel.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
        if let own = event.metadata { merged.merge(own) { $1 } }
        if let error = event.error { merged["error"] = "\(error)" }
        sink.write(
            LogLine(
                time: Date(), level: event.level, logger: label, message: event.message.description, metadata: merged))
    }
}

/// Where log lines go: one write for each, so that lines of several threads never mix.
package struct LogSink: Sendable {
    private let file: FileHandle
    private let format: LogFormat

    package init(_ file: FileHandle, format: LogFormat) {
        (self.file, self.format) = (file, format)
    }

    func write(_ line: LogLine) {
        // A reader that is gone must not end the daemon.
        try? file.write(contentsOf: Data(line.text(format).utf8))
    }
}
