import Foundation
import KubernetesModel
import KubernetesYAML

/// Renders a kustomization: exactly the fields that `manifests/` uses, so that the tests need no kubectl. A field it
/// does not know is an error, not a surprise; where a kubectl is installed, a test compares the two.
struct Kustomization {
    enum Failure: Error {
        case unknownField(String, String)
        case unsupportedPatch(String)
        case notFound(String)
    }

    private static let fields: Set<String> = [
        "apiVersion", "kind", "resources", "labels", "images", "patches", "configMapGenerator",
    ]

    static func render(_ directory: URL) throws -> [JSONValue] {
        let file = directory.appending(path: "kustomization.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        guard let kustomization = try YAMLText.documents(text).first else { throw Failure.notFound(file.path) }
        for field in kustomization.object?.keys.sorted() ?? [] where !fields.contains(field) {
            throw Failure.unknownField(field, file.path)
        }
        var objects: [JSONValue] = []
        for resource in kustomization["resources"]?.array ?? [] {
            let url = directory.appending(path: resource.string ?? "").standardizedFileURL
            if url.pathExtension == "yaml" {
                objects += try YAMLText.documents(String(contentsOf: url, encoding: .utf8))
            } else {
                objects += try render(url)
            }
        }
        for generator in kustomization["configMapGenerator"]?.array ?? [] {
            objects.append(try configMap(generator, directory))
        }
        for patch in kustomization["patches"]?.array ?? [] { try apply(patch, to: &objects) }
        for label in kustomization["labels"]?.array ?? [] {
            let pairs = label["pairs"]?.object ?? [:]
            for index in objects.indices { objects[index].merge(["metadata", "labels"], pairs) }
        }
        for image in kustomization["images"]?.array ?? [] {
            objects = objects.map { rename(image, in: $0) }
        }
        return objects
    }

    private static func configMap(_ generator: JSONValue, _ directory: URL) throws -> JSONValue {
        guard generator.at("options", "disableNameSuffixHash") == true else {
            throw Failure.unknownField("configMapGenerator with a name suffix", directory.path)
        }
        var data: [String: JSONValue] = [:]
        for file in generator["files"]?.array ?? [] {
            let parts = (file.string ?? "").split(separator: "=", maxSplits: 1).map(String.init)
            guard let key = parts.first, let path = parts.last else { continue }
            data[key] = .string(try String(contentsOf: directory.appending(path: path), encoding: .utf8))
        }
        return [
            "apiVersion": "v1", "kind": "ConfigMap", "data": .object(data),
            "metadata": [
                "name": generator["name"] ?? "", "namespace": generator["namespace"] ?? "",
                "labels": generator.at("options", "labels") ?? [:],
            ],
        ]
    }

    /// A JSON patch that appends to an array of one named object.
    private static func apply(_ patch: JSONValue, to objects: inout [JSONValue]) throws {
        let (kind, name) = (patch.at("target", "kind")?.string ?? "", patch.at("target", "name")?.string ?? "")
        guard let index = objects.firstIndex(where: { $0.kind == kind && $0.name == name }) else {
            throw Failure.notFound("\(kind) \(name)")
        }
        for operation in try YAMLText.documents(patch["patch"]?.string ?? "").first?.array ?? [] {
            let path = (operation["path"]?.string ?? "").split(separator: "/").map(String.init)
            guard operation["op"] == "add", path.last == "-", let value = operation["value"] else {
                throw Failure.unsupportedPatch(operation["path"]?.string ?? "")
            }
            objects[index] = append(value, at: path.dropLast()[...], in: objects[index])
        }
    }

    private static func append(_ value: JSONValue, at path: ArraySlice<String>, in object: JSONValue) -> JSONValue {
        guard let first = path.first else { return .array((object.array ?? []) + [value]) }
        var object = object
        object[first] = append(value, at: path.dropFirst(), in: object[first] ?? [])
        return object
    }

    private static func rename(_ image: JSONValue, in value: JSONValue) -> JSONValue {
        switch value {
        case .array(let items): return .array(items.map { rename(image, in: $0) })
        case .object(let members):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { key, member in
                        guard key == "image", let text = member.string else { return (key, rename(image, in: member)) }
                        let colon = text.lastIndex(of: ":").flatMap { text[$0...].contains("/") ? nil : $0 }
                        let (name, tag) = (text[..<(colon ?? text.endIndex)], colon.map { text[$0...].dropFirst() })
                        guard String(name) == image["name"]?.string else { return (key, member) }
                        let newName = image["newName"]?.string ?? String(name)
                        let newTag = image["newTag"]?.string ?? tag.map(String.init)
                        return (key, .string(newName + (newTag.map { ":\($0)" } ?? "")))
                    }))
        default: return value
        }
    }
}
