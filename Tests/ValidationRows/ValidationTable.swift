import Foundation
package import KubernetesModel
import KubernetesYAML

/// What one CEL rule of the CRDs accepts and refuses, out of `rows.yaml`.
package struct ValidationTable: Decodable, Sendable {
    package var rule: String
    package var kind: String
    package var field: String
    package var accepted: [JSONValue]
    package var refused: [Row]

    package struct Row: Decodable, Sendable {
        package var entry: JSONValue
        package var message: String
    }

    /// An object whose list at `field` has this one entry.
    package func object(_ entry: JSONValue) -> JSONValue {
        field.split(separator: ".").reversed().reduce(.array([entry])) { .object([String($1): $0]) }
    }

    package static var all: [ValidationTable] {
        get throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "rows.yaml")
            let documents = try YAMLText.documents(String(contentsOf: file, encoding: .utf8))
            return try JSONDecoder().decode([ValidationTable].self, from: JSONEncoder().encode(documents.first))
        }
    }
}
