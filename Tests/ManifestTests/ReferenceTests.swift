import Foundation
import KubernetesModel
import KubernetesYAML
import Telemetry
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
        let schema = try YAMLText.documents(text).first?.at(
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

    @Test(
        "kubectl explain has a sentence on every field",
        arguments: ["ipaddresspools", "l2advertisements", "servicel2statuses"])
    func descriptions(file: String) throws {
        let text = try String(contentsOf: manifests.appending(path: "crds/\(file).yaml"), encoding: .utf8)
        let schema = try #require(
            try YAMLText.documents(text).first?.at("spec", "versions", "0", "schema", "openAPIV3Schema"))
        // The API server has words of its own for these.
        let mute = Self.mute(schema, at: "").subtracting([".apiVersion", ".kind", ".metadata"])
        #expect(mute.isEmpty)
    }

    /// The fields without a description.
    private static func mute(_ schema: JSONValue, at path: String) -> Set<String> {
        (schema["properties"]?.object ?? [:]).reduce(into: []) { found, property in
            let path = "\(path).\(property.key)"
            if property.value["description"]?.string?.hasSuffix(".") != true { found.insert(path) }
            found.formUnion(mute(property.value, at: path))
            if let items = property.value["items"] { found.formUnion(mute(items, at: path + "[]")) }
        }
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
        for page in try Self.pages() {
            for match in try String(contentsOf: page, encoding: .utf8).matches(of: /\]\(([\w.\/-]+)(?:#[^)]*)?\)/) {
                let target = page.deletingLastPathComponent().appending(path: String(match.1)).standardizedFileURL
                #expect(FileManager.default.fileExists(atPath: target.path), "\(page.path) → \(match.1)")
            }
        }
    }

    @Test("every metric and alert that a page names exists")
    func names() throws {
        let metrics = Set(MetricCatalogue.all.map(\.name))
        let rules = try String(contentsOf: manifests.appending(path: "monitoring/rules.yaml"), encoding: .utf8)
        let alerts = Set(rules.matches(of: /alert: (\w+)/).map { String($0.1) })
        #expect(alerts.count > 10)
        for page in try Self.pages() {
            for match in try String(contentsOf: page, encoding: .utf8).matches(of: /\bherald_\w+|\bHerald[A-Z]\w+/) {
                let name = String(match.0)
                #expect(metrics.contains(name) || alerts.contains(name), "\(page.path): \(name)")
            }
        }
    }

    private static func pages() throws -> [URL] {
        try ["", "docs"].flatMap { folder in
            try FileManager.default.contentsOfDirectory(
                at: repository.appending(path: folder), includingPropertiesForKeys: nil)
        }.filter { $0.pathExtension == "md" }
    }
}
