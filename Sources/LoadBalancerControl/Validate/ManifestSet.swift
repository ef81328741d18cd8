import KubernetesModel
import KubernetesYAML
import Reconciliation

/// Objects out of files, judged without a cluster: each by itself, and all together.
struct ManifestSet {
    private(set) var objects: [(source: String, object: JSONValue)] = []
    private(set) var findings: [Finding] = []

    /// - Parameter files: YAML or JSON, with one or more documents, lists too; `-` is standard input.
    init(files: [String]) throws {
        for file in files {
            let source = file == "-" ? "standard input" : file
            guard let text = try InputFile.text(file) else {
                findings.append(Finding(.error, source, "is no text in UTF-8", "name a file of YAML or JSON"))
                continue
            }
            add(text, source: source)
        }
        // What writes nothing has failed, as a `helm template` before a pipe.
        if objects.isEmpty, findings.isEmpty {
            findings.append(
                Finding(
                    .error, files.joined(separator: ", "), "there is no object in it", "see why nothing was written"))
        }
    }

    init(text: String, source: String) { add(text, source: source) }

    private mutating func add(_ text: String, source: String) {
        do {
            for document in try YAMLText.documents(text) {
                let isList = document["kind"]?.string?.hasSuffix("List") == true
                for object in isList ? document["items"]?.array ?? [] : [document] { objects.append((source, object)) }
            }
        } catch {
            let text = "\(error)"
            let start = text.count > 300 ? "\(text.prefix(300))…" : text
            findings.append(Finding(.error, source, start, "correct the YAML"))
        }
    }

    /// Everything that is wrong, worst first.
    func validate() -> [Finding] {
        var findings = findings
        var snapshot = ClusterSnapshot()
        var seen: Set<String> = []
        for (source, object) in objects {
            let kind = object["kind"]?.string ?? ""
            let name = object["metadata"]?["name"]?.string ?? ""
            let subject = "\(source): \(kind.isEmpty ? "object" : kind) \(name)"
            guard !kind.isEmpty, !(object["apiVersion"]?.string ?? "").isEmpty else {
                findings.append(Finding(.error, subject, "has no kind or no apiVersion", "write both"))
                continue
            }
            let place =
                "\(object["apiVersion"]?.string ?? "")/\(kind)/\(object["metadata"]?["namespace"]?.string ?? "")/\(name)"
            if !seen.insert(place).inserted {
                findings.append(Finding(.error, subject, "is there twice", "rename one or remove it"))
            }
            findings += ObjectCheck.findings(subject, object, into: &snapshot)
        }
        return (findings + CrossCheck.findings(snapshot)).sorted()
    }
}
