import ChildProcess
import Foundation
import Testing

/// Issue of every operator's first evening: what was typed wrong is told in one line that says what to do.
@Suite("wrong input")
struct WrongInputTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let says: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let rows = [["lbctl", "pools"], ["lb-controller"], ["lb-speaker", "--node-name", "n"]].flatMap { program in
        [
            Row(arguments: program + ["--bogus"], status: 64, says: "Unknown option '--bogus'; see "),
            Row(arguments: program + ["bogus"], status: 64, says: "Unexpected argument 'bogus'; see "),
            Row(
                arguments: program + ["--kubeconfig", "/nonexistent"], status: 1, says: "no kubeconfig at /nonexistent"),
            Row(
                arguments: program + ["--kubeconfig", "malformed"], status: 1,
                says: "malformed is no kubeconfig: it is not valid YAML, line 4: did not find expected ',' or ']'; mend"
            ),
            Row(
                arguments: program + ["--kubeconfig", "empty"], status: 1,
                says: "empty is no kubeconfig: the file is no mapping"),
            Row(arguments: program + ["--kubeconfig", "dead"], status: 1, says: "the API server https://127.0.0.1:1"),
        ]
    }

    static let files = [
        "malformed": "apiVersion: v1\nusers:\n - name: [oops\n   token: {very-secret\n", "empty": "",
        "dead": """
        current-context: a
        contexts: [{name: a, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
        users: [{name: u, user: {token: x}}]
        """,
    ]

    @Test("is one line on stderr that says what to do", .enabled(if: geteuid() == 0), arguments: rows)
    func line(_ row: Row) async throws {
        try await Scratch.with { folder in
            for (name, text) in Self.files {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            let programs = URL(fileURLWithPath: try Scratch.lbctl).deletingLastPathComponent().path
            let command = ["sh", "-c", "cd \"$1\"; shift; exec \"$@\" 2>&1 >/dev/null", "sh", folder]
            let name = row.arguments.first ?? ""
            let result = try await Program(command + ["\(programs)/\(name)"] + row.arguments.dropFirst()).run()
            #expect(result.status == row.status)
            #expect(result.output.hasPrefix("\(name): "), "\(result.output)")
            #expect(result.output.contains(row.says), "\(result.output)")
            #expect(!result.output.contains("very-secret"))
            #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
        }
    }
}
