import Foundation
import KubernetesModel
import Testing

@testable import LoadBalancerControl

@Suite("tables")
struct TextTableTests {
    static let table = TextTable(
        columns: [.init(title: "NAME"), .init(title: "ADDRESSES"), .init(title: "MAC", isWide: true)],
        rows: [["lan", "192.168.57.200-192.168.57.254", "02:00:00:00:00:01"], [.init("x", .bad), "-", "-"]])

    @Test("columns are as wide as their widest cell, three blanks apart, without blanks at the end")
    func plain() {
        #expect(
            Self.table.lines(wide: false, width: nil, colours: false) == [
                "NAME   ADDRESSES", "lan    192.168.57.200-192.168.57.254", "x      -",
            ])
    }

    @Test("wide columns show with -o wide only")
    func wide() {
        #expect(Self.table.lines(wide: true, width: nil, colours: false)[0].hasSuffix("MAC"))
        #expect(!Self.table.lines(wide: false, width: nil, colours: false)[0].contains("MAC"))
    }

    @Test("a table fits the terminal", arguments: [20, 24, 30, 40])
    func fits(_ width: Int) {
        for line in Self.table.lines(wide: false, width: width, colours: false) { #expect(line.count <= width) }
    }

    @Test(
        "the first of several addresses is never cut, though the line goes beyond the terminal; the rest is",
        arguments: [
            (80, "lan    192.168.57.200,fd00:192:168:57::200   k8s-node4"),
            (40, "lan    192.168.57.200,fd00:…   k8s-node4"), (20, "lan    192.168.57.200…   k8s-nod…"),
        ])
    func firstAddress(_ width: Int, _ line: String) {
        let columns = [
            TextTable.Column(title: "NAME"), .init(title: "ADDRESSES", keepsFirst: true), .init(title: "BY"),
        ]
        let table = TextTable(columns: columns, rows: [["lan", "192.168.57.200,fd00:192:168:57::200", "k8s-node4"]])
        #expect(table.lines(wide: false, width: width, colours: false)[1] == line)
    }

    @Test("colours surround the text, not the blanks")
    func colours() {
        #expect(Self.table.lines(wide: false, width: nil, colours: true)[2] == "\u{1B}[31mx\u{1B}[0m      -")
    }

    @Test(
        "what others wrote steers no terminal and begins no line",
        arguments: [
            ("\u{1B}[2J\u{1B}]0;x\u{7}", "\\u001b[2J\\u001b]0;x\\u0007"), ("a\r\nb", "a\\u000d\\u000ab"),
            ("\u{9B}31m\u{7F}", "\\u009b31m\\u007f"), ("ä ∞ → 🦊", "ä ∞ → 🦊"), ("\\u001b", "\\u001b"),
        ])
    func controls(_ text: String, _ shown: String) throws {
        #expect(text.visible == shown)
        #expect("x\n\ty".visibleText == "x\n\ty")
        let table = TextTable(columns: [.init(title: "POOL"), .init(title: "STATE")], rows: [[.init(text), "Ready"]])
        let line = table.lines(wide: false, width: nil, colours: true)[1]
        #expect(line == "\(shown)   Ready")
        let json = OutputOptions.text(["pool": .string(text)], .json)
        #expect(!json.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)) == ["pool": .string(text)])
    }

    @Test("a terminal has colours, but not with NO_COLOR and not a dumb one")
    func noColour() {
        #expect(Console.hasColours(["NO_COLOR": "", "TERM": "xterm"], isTerminal: true))
        #expect(!Console.hasColours(["NO_COLOR": "1", "TERM": "xterm"], isTerminal: true))
        #expect(!Console.hasColours(["TERM": "dumb"], isTerminal: true))
        #expect(!Console.hasColours(["TERM": "xterm"], isTerminal: false))
    }

    @Test(
        "ages are kubectl's",
        arguments: [
            (-5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (200, "3m20s"), (3600, "60m"), (10_800, "3h"),
            (12_000, "3h20m"), (172_799, "47h"), (200_000, "2d7h"), (700_000, "8d"), (100_000_000, "3y62d"),
        ])
    func ages(_ seconds: Int64, _ text: String) {
        #expect(Age.text(since: Timestamp(seconds: 1_000_000), now: Timestamp(seconds: 1_000_000 + seconds)) == text)
    }
}
