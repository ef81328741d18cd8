import Foundation
import Logging
import Telemetry
import Testing

@Suite("Logs")
struct LogTests {
    static let line = LogLine(
        time: Date(timeIntervalSince1970: 1_790_000_000.125), level: .notice, logger: "speaker",
        message: "the address changed hands",
        metadata: [
            "address": "192.168.57.200", "from": "node two", "peers": ["a", "b"], "claim": ["term": "\(7)"],
            "empty": "",
        ])

    @Test("a text line has the time, level, logger and message, then sorted keys, quoted when they need it")
    func text() {
        #expect(
            Self.line.text(.text) == """
                2026-09-21T14:13:20.125Z NOTICE speaker: the address changed hands address=192.168.57.200 \
                claim="[\\"term\\": \\"7\\"]" empty="" from="node two" peers="[\\"a\\", \\"b\\"]"

                """)
    }

    @Test("a JSON line parses, keeps nested metadata, and can't be confused by its keys")
    func json() throws {
        var line = Self.line
        line.message = "quote \" slash \\ newline \n bell \u{7} snowman ☃"
        line.metadata["level"] = "forged"
        let text = line.text(.json)
        #expect(text.hasSuffix("}\n") && text.dropLast().allSatisfy { $0 != "\n" })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["message"] as? String == line.message)
        #expect(object["level"] as? String == "notice")
        #expect(object["time"] as? String == "2026-09-21T14:13:20.125Z")
        #expect(object["peers"] as? [String] == ["a", "b"])
        #expect((object["claim"] as? [String: String])?["term"] == "7")
    }

    @Test("a text message stays on one line")
    func oneLine() {
        var line = Self.line
        line.message = "first\nsecond"
        line.metadata = ["detail": "a\nb"]
        #expect(line.text(.text).split(separator: "\n").count == 1)
    }

    @Test("the process's level filters every logger, at once when it changes, but not one that was set by hand")
    func levels() throws {
        let pipe = Pipe()
        let level = LogLevelSetting(.warning)
        let sink = LogSink(pipe.fileHandleForWriting, format: .text)
        let logger = Logger(label: "a") { ProcessLogHandler(label: $0, level: level, sink: sink) }
        var loud = logger
        loud.logLevel = .debug
        logger.info("one")
        loud.debug("two")
        level.level = .info
        logger.info("three", metadata: ["k": "v"])
        try pipe.fileHandleForWriting.close()
        // Not up to the end: a child that another test starts just now may hold the pipe for a while.
        let written = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        let messages = written.split(separator: "\n").map { $0.split(separator: ": ", maxSplits: 1)[1] }
        #expect(messages == ["two", "three k=v"])
    }

    @Test("a log whose reader is gone is not an error")
    func readerGone() throws {
        let pipe = Pipe()
        let sink = LogSink(pipe.fileHandleForWriting, format: .json)
        try pipe.fileHandleForWriting.close()
        let logger = Logger(label: "a") {
            ProcessLogHandler(label: $0, level: LogLevelSetting(.trace), sink: sink)
        }
        logger.critical("nobody hears this")
    }
}
