import ArgumentParser
import KubernetesModel

/// `lbctl validate -f FILE…`: without a cluster.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks manifests without a cluster: fields, rules, and against each other.",
        discussion: "Ends with status 1 when there is an error. Warnings and notes are no errors.")

    @Option(
        name: [.customShort("f"), .customLong("filename")], parsing: .upToNextOption,
        help: "Files; - is standard input.", completion: .file())
    var files: [String]
    @Option(name: [.customShort("o"), .customLong("output")], help: "table or json.")
    var format = OutputOptions.Format.table

    func run() async throws {
        let set = try ManifestSet(files: files)
        let findings = set.validate()
        if format.isDocument {
            Console.text(OutputOptions.text(["items": .array(findings.map(\.object))], format))
        } else {
            Console.lines(findings.map(\.line))
            let errors = findings.count { $0.severity == .error }
            Console.line(
                "\(set.objects.count) objects, \(errors) errors, \(findings.count - errors) warnings and notes")
        }
        guard !findings.contains(where: { $0.severity == .error }) else { throw ExitCode.failure }
    }
}
