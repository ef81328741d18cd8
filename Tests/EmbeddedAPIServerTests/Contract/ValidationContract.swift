import Foundation
import KubernetesModel
import KubernetesYAML
import ObjectStore
import Testing
import ValidationRows

/// The rows of `Tests/ValidationRows` as requests: the embedded server's rules and a real server's CEL give the same
/// verdicts, in the same words.
@Suite struct ValidationContract {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test("each row of the CRDs' rules is accepted or refused, with its words", arguments: APIUnderTest.all)
    func rows(api: APIUnderTest) async throws {
        let tables = try ValidationTable.all
        try await api.run { probe in
            try await Self.install(on: probe)
            for table in tables {
                for (index, entry) in table.accepted.enumerated() {
                    let name = "\(table.rule)-\(index)"
                    let answer = try await probe.post("\(table.path)?dryRun=All", table.object(entry, name: name))
                    #expect(answer.status == 201, "\(table.rule): \(entry): \(answer.message)")
                }
                for row in table.refused {
                    let object = table.object(row.entry, name: "refused")
                    let answer = try await probe.post("\(table.path)?dryRun=All", object)
                    #expect(answer.status == 422, "\(table.rule): \(row.entry)")
                    #expect(answer.message.contains(row.message), "\(table.rule): \(answer.message)")
                    guard row.entry.string != nil else { continue }
                    let value = "Invalid value: \(row.entry.jsonText): "
                    #expect(answer.message.contains(value), "\(table.rule): \(answer.message)")
                }
            }
        }
    }

    /// The definitions as they are shipped: a real server also judges the cost of each rule.
    private static func install(on probe: APIProbe) async throws {
        for name in ["ipaddresspools", "l2advertisements", "servicel2statuses"] {
            let text = try String(contentsOf: root.appending(path: "manifests/crds/\(name).yaml"), encoding: .utf8)
            let definition = try #require(YAMLText.documents(text).first)
            let answer = try await probe.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
            #expect(answer.status == 201, "\(name): \(answer.message)")
            for _ in 0..<100 {
                if try await probe.get("/apis/lb.cluster.home/v1beta1/\(name)").status == 200 { break }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}

extension ValidationTable {
    var path: String {
        let plural = kind == "IPAddressPool" ? "ipaddresspools" : "l2advertisements"
        return "/apis/lb.cluster.home/v1beta1/\(plural)"
    }

    /// With all that a request must have besides.
    func object(_ entry: JSONValue, name: String) -> JSONValue {
        var object = object(entry)
        if kind == "IPAddressPool", object.at("spec", "addresses") == nil {
            // Required, and nothing that any rule minds.
            object["spec"]?["addresses"] = ["192.0.2.0/24"]
        }
        object["apiVersion"] = "lb.cluster.home/v1beta1"
        object["kind"] = .string(kind)
        object["metadata"] = ["name": .string(name)]
        return object
    }
}
