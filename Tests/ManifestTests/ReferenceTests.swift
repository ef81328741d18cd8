import Foundation
import KubernetesModel
import Testing

/// docs/configuration.md says what the CRDs and the programs say.
@Suite("Configuration reference")
struct ReferenceTests {
    /// The rows below a heading: the words in backticks of the first column.
    static func rows(_ heading: String) throws -> Set<String> {
        let page = try String(contentsOf: repository.appending(path: "docs/configuration.md"), encoding: .utf8)
        let section = page.components(separatedBy: "\n## ").first { $0.hasPrefix("\(heading)\n") } ?? ""
        return Set(
            section.split(separator: "\n").filter { $0.hasPrefix("| `") }
                .flatMap { row in
                    row.split(separator: "|")[0].matches(of: /`([^`]+)`/).map { String($0.1) }
                })
    }

    @Test(
        "every field of spec is listed, and no other",
        arguments: [
            ("IPAddressPool", "ipaddresspools"), ("L2Advertisement", "l2advertisements"),
        ])
    func fields(kind: String, file: String) throws {
        let text = try String(contentsOf: manifests.appending(path: "crds/\(file).yaml"), encoding: .utf8)
        let schema = try documents(text).first?.at(
            "spec", "versions", "0", "schema", "openAPIV3Schema", "properties", "spec")
        let fields = Self.fields(try #require(schema), at: "spec")
        #expect(fields.count > 5)
        #expect(try Self.rows(kind) == fields)
    }

    /// Label selectors are Kubernetes' own, and end a path.
    private static func fields(_ schema: JSONValue, at path: String) -> Set<String> {
        var found: Set<String> = []
        for (name, property) in schema["properties"]?.object ?? [:] {
            let path = "\(path).\(name)"
            found.insert(path)
            if property.at("properties", "matchLabels") != nil
                || property.at("items", "properties", "matchLabels") != nil
            {
                continue
            }
            found.formUnion(fields(property, at: path))
            if let items = property["items"] { found.formUnion(fields(items, at: path + "[]")) }
        }
        return found
    }

    @Test("every flag is listed, and no other", arguments: ["lb-controller", "lb-speaker"])
    func flags(program: String) async throws {
        let path = try Daemon.products().appending(path: program).path
        let help = try #require(try await run(path, ["--help"]), "\(path) is not built")
        let lines = help.output.split(separator: "\n").filter { $0.firstMatch(of: /^ *-/) != nil }
        // An option's own line: its names come first, and the first long one counts.
        let names = lines.compactMap { $0.firstMatch(of: /^ {2}(?:-\w, )?(--[a-z][a-z-]*)/).map { String($0.1) } }
        let inverted = names.contains("--leader-elect") ? ["--no-leader-elect"] : []
        let flags = Set(names + inverted).subtracting(["--version", "--help"])
        #expect(flags.count > 8)
        #expect(try Self.rows(program) == flags)
    }

    @Test("every link between the pages leads somewhere")
    func links() throws {
        let docs = repository.appending(path: "docs")
        for file in try FileManager.default.contentsOfDirectory(atPath: docs.path) where file.hasSuffix(".md") {
            let text = try String(contentsOf: docs.appending(path: file), encoding: .utf8)
            for match in text.matches(of: /\]\(([a-z0-9._\/-]+\.md)(?:#[^)]*)?\)/) {
                let target = docs.appending(path: String(match.1)).standardizedFileURL
                #expect(FileManager.default.fileExists(atPath: target.path), "\(file) → \(match.1)")
            }
        }
    }
}
