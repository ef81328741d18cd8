import KubernetesModel
import ObjectStore
import SeededRandom
import Testing

/// The JSON reader and writer: total on any bytes.
@Suite struct JSONTests {
    @Test(
        "text that is read and written is the same text",
        arguments: [
            #"{"a":[1,-2,0,9223372036854775807],"b":{"c":null,"d":true}}"#, #""é\n\t\"\\€😀""#, "[]", "{}", "-0.5",
            "1e+20",
            #""\u0001""#,
        ])
    func roundTrip(text: String) throws {
        let value = try JSONParser.parse(Array(text.utf8))
        #expect(try JSONParser.parse(value.jsonBytes) == value)
        #expect(try JSONParser.parse(Array(value.jsonText.utf8)).jsonText == value.jsonText)
    }

    @Test(
        "escapes are read as RFC 8259 says",
        arguments: [
            (#""\u00e9""#, "é"), (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{fffd}"), (#""\ud83dx""#, "\u{fffd}x"),
            (#""\/\b\f""#, "/\u{8}\u{c}"),
        ])
    func escapes(text: String, expected: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)) == .string(expected))
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "{", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "\"", "\"\\", "\"\\u12", "\"\\x\"",
            "tru", "nul", "01x",
            "--1", "1e999", "1 2", "{}x", "+1", ".5x",
        ])
    func refused(text: String) {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test("nesting is bounded")
    func depth() {
        #expect(throws: JSONParser.Failure.self) {
            try JSONParser.parse(Array(repeating: UInt8(ascii: "["), count: 1_000_000))
        }
    }

    @Test("no mutation of a document makes the reader trap", arguments: 1...20)
    func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let text =
            #"{"metadata":{"name":"grafana","labels":{"a":"\u00e9\n"}},"spec":{"ports":[{"port":80,"x":-1.5e3}]},"n":null}"#
        for _ in 0..<500 {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                }
            }
            guard let value = try? JSONParser.parse(bytes) else { continue }
            #expect((try? JSONParser.parse(value.jsonBytes)) == value, "seed \(seed)")
        }
    }
}

func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }
