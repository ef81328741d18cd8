import Foundation
import KubernetesModel
import KubernetesYAML
import Testing

@Suite("Manifests: monitoring")
struct MonitoringTests {
    static let directory = manifests.appending(path: "monitoring")

    @Test("the operator's rules are the plain ones")
    func sameRules() throws {
        let plain = try YAMLText.documents(
            String(contentsOf: Self.directory.appending(path: "rules.yaml"), encoding: .utf8))
        let operated = try YAMLText.documents(
            String(contentsOf: Self.directory.appending(path: "prometheus-rule.yaml"), encoding: .utf8))
        #expect(operated.first?["spec"] == plain.first)
    }

    @Test("promtool accepts the rules, and every alert fires and stays silent as its cases say")
    func promtool() async throws {
        let check = try #require(try await run("promtool", ["check", "rules", "rules.yaml"], in: Self.directory))
        #expect(check.status == 0, "\(check.output)\(check.errors)")
        let cases = try #require(try await run("promtool", ["test", "rules", "rules-test.yaml"], in: Self.directory))
        #expect(cases.status == 0, "\(cases.output)\(cases.errors)")
    }

    @Test("each alert has a case in which it fires, a severity, and says what to do")
    func everyAlertHasACase() throws {
        let rules = try YAMLText.documents(
            String(contentsOf: Self.directory.appending(path: "rules.yaml"), encoding: .utf8))
        let cases = try YAMLText.documents(
            String(contentsOf: Self.directory.appending(path: "rules-test.yaml"), encoding: .utf8))
        let fired = Set(
            (cases.first?["tests"]?.array ?? []).flatMap { $0["alert_rule_test"]?.array ?? [] }
                .filter { $0["exp_alerts"]?.array?.isEmpty == false }.compactMap { $0["alertname"]?.string })
        for rule in rules.first?.at("groups", "0", "rules")?.array ?? [] {
            let name = rule["alert"]?.string ?? ""
            #expect(fired.contains(name), "\(name)")
            #expect(["warning", "critical"].contains(rule.at("labels", "severity")?.string))
            #expect(rule.at("annotations", "summary") != nil && rule.at("annotations", "action") != nil, "\(name)")
        }
    }

    @Test("rules and dashboard ask only for metrics that exist")
    func knownMetrics() throws {
        let page = try String(contentsOf: repository.appending(path: "docs/metrics.md"), encoding: .utf8)
        let known = Set(page.matches(of: /\| `((?:herald|process)_[a-z0-9_]+)`/).map { String($0.1) })
        for file in ["rules.yaml", "dashboard.json"] {
            let text = try String(contentsOf: Self.directory.appending(path: file), encoding: .utf8)
            for match in text.matches(of: /(?:herald|process)_[a-z0-9_]+/) {
                let name = String(match.0)
                let base = ["_bucket", "_sum", "_count"].reduce(name) {
                    $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0
                }
                #expect(known.contains(name) || known.contains(base), "\(file): \(name)")
            }
        }
    }
}
