import Testing

@testable import EmbeddedAPIServer

@Suite("bodies of requests")
struct BodyTextTests {
    @Test(
        "no object, several, and what is neither JSON nor YAML are refused",
        arguments: ["", "a: 1\n---\nb: 1", "{", "a: *b"])
    func refused(text: String) {
        #expect(throws: (any Error).self) { try BodyText.parse(Array(text.utf8)) }
    }
}
