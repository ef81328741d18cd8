import Foundation
import KubernetesModel
import KubernetesYAML
import Reconciliation
import Testing
import ValidationRows

/// The rules of the CRDs against their Swift counterparts, and both against one table of rows.
struct ValidationTests {
    @Test("every CEL rule of the CRDs has its counterpart in Swift, word for word, and no other is there")
    func rulesAgree() throws {
        var inManifests: Set<[String]> = []
        for name in ["ipaddresspools", "l2advertisements", "servicel2statuses"] {
            let text = try String(contentsOf: Self.root.appending(path: "manifests/crds/\(name).yaml"), encoding: .utf8)
            for definition in try YAMLText.documents(text) { Self.collectRules(definition, into: &inManifests) }
        }
        let inSwift = Set(ValidationRule.all.map { [$0.expression, $0.messageExpression] })
        #expect(inManifests == inSwift)
    }

    @Test("every rule has rows that it accepts and rows that it refuses")
    func everyRuleHasRows() throws {
        let tables = try ValidationTable.all
        #expect(Set(tables.map(\.rule)) == Set(ValidationRule.all.map(\.name)))
        for table in tables {
            #expect(!table.accepted.isEmpty && !table.refused.isEmpty, "\(table.rule)")
        }
    }

    @Test("accepted entries are accepted by their rule, refused ones are refused with the entry's own text")
    func rows() throws {
        for table in try ValidationTable.all {
            let rule = try #require(ValidationRule.all.first { $0.name == table.rule })
            let type = table.kind == "IPAddressPool" ? IPAddressPool.resource : L2Advertisement.resource
            for entry in table.accepted {
                let causes = CustomResourceValidator.causes(type, table.object(entry))
                let messages = causes.compactMap(\.message)
                #expect(messages.isEmpty, "\(table.rule): \(entry)")
            }
            for row in table.refused {
                let causes = CustomResourceValidator.causes(type, table.object(row.entry))
                #expect(
                    causes.contains { $0.message?.contains(row.message) == true },
                    "\(rule.name): \(row.entry): \(causes)")
                #expect(causes.allSatisfy { $0.field?.hasPrefix("\(table.field)[0]") == true })
            }
        }
    }

    @Test("objects of other groups are none of its business")
    func otherGroups() {
        let object: JSONValue = ["spec": ["addresses": ["nonsense"]]]
        #expect(CustomResourceValidator.causes(Service.resource, object).isEmpty)
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func collectRules(_ value: JSONValue, into rules: inout Set<[String]>) {
        switch value {
        case .object(let members):
            for rule in members["x-kubernetes-validations"]?.array ?? [] {
                rules.insert([rule["rule"]?.string ?? "", rule["messageExpression"]?.string ?? ""])
            }
            for member in members.values { collectRules(member, into: &rules) }
        case .array(let elements): for element in elements { collectRules(element, into: &rules) }
        default: break
        }
    }
}
