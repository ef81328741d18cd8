import KubernetesModel
import ObjectStore

/// Every resource that is served now: the built-in ones and those of CustomResourceDefinitions.
struct Registry: Sendable {
    struct Path: Hashable, Sendable {
        var group: String
        var version: String
        var plural: String
    }

    private(set) var definitions: [Path: ResourceDefinition] = [:]
    /// In the order of discovery.
    private(set) var order: [Path] = []
    private(set) var columns: [Path: [JSONValue]] = [:]

    init(customResourceDefinitions: [JSONValue] = []) {
        for definition in BuiltinKinds.definitions { add(definition) }
        for object in customResourceDefinitions {
            for resource in CustomResources.definitions(of: object) {
                let path = add(resource.definition)
                columns[path] = resource.columns
            }
        }
    }

    @discardableResult
    private mutating func add(_ definition: ResourceDefinition) -> Path {
        let path = Path(
            group: definition.type.group, version: definition.type.version, plural: definition.type.plural)
        if definitions.updateValue(definition, forKey: path) == nil { order.append(path) }
        return path
    }

    func definition(_ group: String, _ version: String, _ plural: String) -> ResourceDefinition? {
        definitions[Path(group: group, version: version, plural: plural)]
    }

    func columns(of type: ResourceType) -> [JSONValue]? {
        columns[Path(group: type.group, version: type.version, plural: type.plural)]
    }

    /// By kind: what a manifest names.
    func definition(apiVersion: String, kind: String) -> ResourceDefinition? {
        order.lazy.compactMap { definitions[$0] }.first { $0.type.apiVersion == apiVersion && $0.type.kind == kind }
    }

    var all: [ResourceDefinition] { order.compactMap { definitions[$0] } }

    /// Named groups with their versions, core left out.
    var groups: [(name: String, versions: [String])] {
        var groups: [(name: String, versions: [String])] = []
        for path in order + Reviews.paths where !path.group.isEmpty {
            if let index = groups.firstIndex(where: { $0.name == path.group }) {
                if !groups[index].versions.contains(path.version) { groups[index].versions.append(path.version) }
            } else {
                groups.append((path.group, [path.version]))
            }
        }
        return groups
    }
}
