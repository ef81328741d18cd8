import KubernetesModel
import KubernetesYAML
import ObjectStore

/// The body of a request: JSON or YAML, one object.
enum BodyText {
    static func parse(_ bytes: [UInt8]) throws(APIFailure) -> JSONValue {
        do {
            let first = bytes.first { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }
            if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return try JSONParser.parse(bytes) }
            let documents = try YAMLText.documents(String(decoding: bytes, as: UTF8.self))
            guard let document = documents.first else {
                throw APIFailure.badRequest("the body of the request is empty")
            }
            guard documents.count == 1 else {
                throw APIFailure.badRequest("the body of the request must be one document")
            }
            return document
        } catch let failure as APIFailure {
            throw failure
        } catch {
            throw .badRequest("the object provided is unrecognized (must be of type JSON or YAML): \(error)")
        }
    }
}
