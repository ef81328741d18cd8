import ArgumentParser
import KubernetesClient
import KubernetesModel
import KubernetesYAML

/// `lbctl import metallb`.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes over another load balancer's configuration.",
        subcommands: [MetalLB.self])

    struct MetalLB: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "metallb",
            abstract: "Prints MetalLB's pools and L2 advertisements as Herald's, or creates them.",
            discussion: """
                Reads the cluster, or files with -f. Services keep their addresses: those are in their status, and \
                MetalLB's annotations are honoured as they are. What has no equivalent is listed on standard error.
                """)

        @Option(
            name: [.customShort("f"), .customLong("filename")], parsing: .upToNextOption,
            help: "Files; - is standard input.", completion: .file())
        var files: [String] = []
        @Flag(inversion: .prefixedNo, help: "Only print; --no-dry-run creates the objects in the cluster.")
        var dryRun = true
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            if !files.isEmpty {
                let set = try ManifestSet(files: files)
                if let broken = set.findings.first { throw Complaint("\(broken.subject): \(broken.evidence)") }
                try await finish(MetalLBImport(set.objects.map(\.object)))
            } else {
                try await finish(try await cluster.withReader { MetalLBImport(try await $0.metalLBObjects()) })
            }
        }

        private func finish(_ result: MetalLBImport) async throws {
            for note in result.notes { Console.complain(note) }
            guard !result.objects.isEmpty else {
                throw Complaint("found no IPAddressPool or L2Advertisement of MetalLB; name files with -f")
            }
            let text = result.objects.map { YAMLText.text($0) }.joined(separator: "\n---\n")
            let errors = ManifestSet(text: text, source: "import").validate().filter { $0.severity == .error }
            for error in errors { Console.complain("\(error.evidence) (\(error.subject))") }
            guard errors.isEmpty else {
                throw Complaint(
                    "nothing was \(dryRun ? "printed" : "created"): correct what is wrong, then run it again")
            }
            guard !dryRun else {
                Console.text(text)
                return
            }
            try await cluster.withReader { reader in
                for object in result.objects { Console.line(try await reader.apply(object)) }
            }
        }
    }
}

extension ClusterReader {
    /// MetalLB's objects of all kinds that the cluster has, and the Services.
    func metalLBObjects() async throws -> [JSONValue] {
        var objects: [JSONValue] = []
        let kinds = [
            ("IPAddressPool", "ipaddresspools"), ("L2Advertisement", "l2advertisements"),
            ("AddressPool", "addresspools"), ("BGPAdvertisement", "bgpadvertisements"), ("BGPPeer", "bgppeers"),
            ("BFDProfile", "bfdprofiles"), ("Community", "communities"),
        ]
        for (kind, plural) in kinds {
            for version in ["v1beta2", "v1beta1"] {
                guard let list = try await optionalList("/apis/metallb.io/\(version)/\(plural)") else { continue }
                objects += list.map { item in
                    var item = item
                    (item["kind"], item["apiVersion"]) = (.string(kind), .string("metallb.io/\(version)"))
                    return item
                }
                break
            }
        }
        objects += (try await optionalList("/api/v1/services") ?? []).map { item in
            var item = item
            item["kind"] = "Service"
            return item
        }
        return objects
    }

    private func optionalList(_ path: String) async throws -> [JSONValue]? {
        do {
            return try await client.raw(.get, path)["items"]?.array ?? []
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Server-side apply of a pool or advertisement.
    fileprivate func apply(_ object: JSONValue) async throws -> String {
        let name = object["metadata"]?["name"]?.string ?? ""
        let kind = object["kind"]?.string ?? ""
        let patch = Patch.apply(object, fieldManager: "lbctl", force: false)
        if kind == IPAddressPool.resource.kind {
            try await client.patch(IPAddressPool.self, name: name, patch)
        } else {
            try await client.patch(L2Advertisement.self, name: name, patch)
        }
        return "\(kind.lowercased())/\(name) applied"
    }
}
