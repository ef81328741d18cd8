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

    @Test("colours surround the text, not the blanks")
    func colours() {
        #expect(Self.table.lines(wide: false, width: nil, colours: true)[2] == "\u{1B}[31mx\u{1B}[0m      -")
    }

    @Test("NO_COLOR and a dumb terminal have no colours")
    func noColour() {
        #expect(!Console.hasColours(["NO_COLOR": "1", "TERM": "xterm"]))
        #expect(!Console.hasColours(["TERM": "dumb"]))
    }

    @Test(
        "ages are kubectl's",
        arguments: [
            (0, "0s"), (119, "119s"), (120, "2m"), (200, "3m20s"), (3600, "60m"), (10_800, "3h"), (200_000, "2d"),
        ])
    func ages(_ seconds: Int64, _ text: String) {
        #expect(Age.text(since: Timestamp(seconds: 1_000_000), now: Timestamp(seconds: 1_000_000 + seconds)) == text)
    }
}
