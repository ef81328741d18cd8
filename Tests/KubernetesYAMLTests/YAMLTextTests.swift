import KubernetesModel
import KubernetesYAML
import Testing

@Suite("YAML as kubectl reads it")
struct YAMLTextTests {
    @Test(
        "a plain scalar has kubectl's type",
        arguments: [
            ("52:54:00:12:34:56", "52:54:00:12:34:56"), ("10:30", "10:30"),
            ("1:1:1:1:1:1:1:1:1:1:1", "1:1:1:1:1:1:1:1:1:1:1"),
            ("999999999999999999:1:1", "999999999999999999:1:1"), ("-190:20:30", "-190:20:30"),
            ("192.168.57.0/24", "192.168.57.0/24"), ("1.2.3", "1.2.3"), ("+-5", "+-5"), ("--5", "--5"),
            ("\"10\"", "10"), ("'yes'", "yes"), ("12", 12), ("-12", -12), ("+12", 12), ("0644", 420), ("0x1F", 31),
            ("-0b11", -3), ("0o17", 15), ("0", 0), ("099", .number(99)), ("1.5", .number(1.5)), ("1e3", .number(1000)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("yes", true), ("off", false), ("~", .null),
        ] as [(String, JSONValue)])
    func scalars(text: String, value: JSONValue) throws {
        #expect(try YAMLText.documents("x: \(text)") == [["x": value]])
    }

    @Test("an alias is its anchor's value, within bounds")
    func aliases() throws {
        #expect(try YAMLText.documents("a: &a {b: 1}\nc: *a") == [["a": ["b": 1], "c": ["b": 1]]])
    }

    @Test(
        "aliases of aliases end by the budget, not by the memory",
        arguments: ["x", "\(String(repeating: "x", count: 5000))"])
    func bomb(leaf: String) {
        var text = "a0: &a0 [\(leaf)]\n"
        for level in 1...30 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n" }
        let error = #expect(throws: YAMLText.Malformed.self) { try YAMLText.documents(text) }
        #expect(error?.description == "aliases make the text too large")
    }

    @Test("a text without aliases is never too large", arguments: ["[], ", "{a}, ", "~, ", "'', ", "\"\\L\", "])
    func large(element: String) throws {
        let text = "a: [" + String(repeating: element, count: 300_000 / element.utf8.count) + "]"
        #expect(try YAMLText.documents(text).first?["a"]?.array?.count == 300_000 / element.utf8.count)
    }

    @Test(
        "what is nested too deep, or no YAML, is refused",
        arguments: [
            "x: " + String(repeating: "[", count: 200) + String(repeating: "]", count: 200),
            "x: " + String(repeating: "[", count: 100_000), "a: 1\n---\nb: [", "? {a: 1}\n: 2", "a: *b",
        ])
    func refused(text: String) {
        #expect(throws: YAMLText.Malformed.self) { try YAMLText.documents(text) }
    }

    @Test("empty documents are left out")
    func empty() throws {
        #expect(try YAMLText.documents("---\n---\na: 1\n---\n# nothing\n") == [["a": 1]])
    }
}
