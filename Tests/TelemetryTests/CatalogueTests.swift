import Foundation
import Telemetry
import Testing

/// The catalogue, docs/metrics.md and the code name the same metrics.
@Suite("Metric catalogue")
struct CatalogueTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("names are unique, prefixed, and end as Prometheus' conventions ask")
    func names() {
        let all = MetricCatalogue.all
        #expect(Set(all.map(\.name)).count == all.count)
        for metric in all {
            #expect(metric.name.hasPrefix("herald_") || metric.name.hasPrefix("process_"))
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(metric.kind != .histogram || metric.name.hasSuffix("_seconds"), "\(metric.name)")
            #expect(metric.help.hasSuffix("."), "\(metric.name)")
            #expect(metric.buckets == metric.buckets.sorted())
        }
    }

    @Test("docs/metrics.md has exactly the catalogue's rows")
    func documentation() throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let documented = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        let expected = MetricCatalogue.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
        }
        #expect(Set(documented).subtracting(expected).isEmpty)
        #expect(Set(expected).subtracting(documented).isEmpty)
        #expect(documented.count == expected.count)
    }

    @Test("the code counts exactly what the catalogue lists")
    func sources() throws {
        let declared = Set(MetricCatalogue.all.map(\.name))
        var used: Set<String> = ["herald_telemetry_dropped_series_total"]
        let sources = Self.root.appending(path: "Sources")
        let walk = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        for case let file as URL in walk where file.pathExtension == "swift" {
            guard !file.lastPathComponent.hasPrefix("MetricCatalogue") else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /"((?:herald|process)_[a-z0-9_]+)"/) { used.insert(String(match.1)) }
        }
        #expect(used.subtracting(declared).isEmpty, "not in the catalogue")
        #expect(declared.subtracting(used).isEmpty, "never counted")
    }
}
