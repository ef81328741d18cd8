import Foundation
import Testing

/// The import arrows of the architecture, read from the sources themselves: `Package.swift` says what a target may link,
/// this says what it may draw, and that the core stays pure.
@Suite("Architecture")
struct ArchitectureTests {
    static let core: [String: Set<String>] = [
        "MonotonicTime": [],
        "NetworkAddresses": [],
        "Wire": ["NetworkAddresses", "Crypto"],
        "AddressPools": ["MonotonicTime", "NetworkAddresses"],
        "Membership": ["MonotonicTime", "NetworkAddresses", "Wire"],
        "Election": ["MonotonicTime", "NetworkAddresses", "Wire", "Crypto"],
        "Layer2": ["MonotonicTime", "NetworkAddresses", "Wire"],
        "Link": ["MonotonicTime", "NetworkAddresses", "Wire", "Membership", "Election", "Layer2"],
        "KubernetesModel": ["FoundationEssentials"],
        "KubernetesYAML": ["KubernetesModel", "Yams"],
        "Reconciliation": [
            "MonotonicTime", "NetworkAddresses", "AddressPools", "Election", "KubernetesModel", "FoundationEssentials",
        ],
        "ObjectStore": ["KubernetesModel", "FoundationEssentials"],
    ]

    static let edges = [
        "ChildProcess", "PacketSocket", "Netlink", "KubernetesClient", "EmbeddedAPIServer", "Telemetry",
    ]
    static let unsafeAllowed: Set<String> = ["PacketSocket", "Netlink", "CLinux"]
    static let executables = ["lb-controller", "lb-speaker", "lbctl"]

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    struct SourceFile: Sendable {
        let target: String
        let path: String
        let lines: [String]

        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
                guard let index = words.firstIndex(of: "import"), index <= 1 else { return nil }
                if index == 1, !["public", "package", "internal", "private", "fileprivate"].contains(words[0]) {
                    return nil
                }
                let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"]
                let names = words[(index + 1)...].drop { kinds.contains($0) }
                let name = names.first.map { String($0.prefix { $0 != "." }) }
                // Other languages' imports stand in strings.
                return name?.wholeMatch(of: #/\w+/#) == nil ? nil : name
            }
        }

        /// Code without comments and string contents, good enough to look for words in.
        var code: [(number: Int, text: String)] {
            lines.enumerated().compactMap { index, line in
                let text = line.trimmingCharacters(in: .whitespaces)
                guard !text.hasPrefix("//"), !text.hasPrefix("*") else { return nil }
                let bare = text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                    .filter { $0.offset % 2 == 0 }.map { String($0.element) }.joined(separator: "\"\"")
                return (index + 1, bare.components(separatedBy: " // ")[0])
            }
        }
    }

    static let sources: [SourceFile] = files(below: root.appending(path: "Sources"))

    static func files(below folder: URL) -> [SourceFile] {
        guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return [] }
        return walk.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.compactMap { url in
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
            let path = url.path.replacing(root.path + "/", with: "")
            return SourceFile(
                target: path.split(separator: "/").dropFirst().first.map(String.init) ?? "", path: path,
                lines: text.components(separatedBy: "\n"))
        }
    }

    @Test("the sources are found")
    func sourcesAreFound() {
        #expect(Self.sources.count > 30)
        #expect(Set(Self.sources.map(\.target)).isSuperset(of: Self.core.keys))
    }

    @Test("a core target imports only what its row allows", arguments: core.keys.sorted())
    func coreArrows(target: String) {
        for file in Self.sources where file.target == target {
            let strangers = Set(file.imports).subtracting(Self.core[target] ?? []).subtracting(["Swift"])
            #expect(strangers.isEmpty, "\(file.path) imports \(strangers.sorted())")
        }
    }

    @Test("an edge imports no other edge but CLinux", arguments: edges)
    func edgeArrows(edge: String) {
        let others = Set(Self.edges + ["ControllerDaemon", "SpeakerDaemon", "Lab", "LoadBalancerControl"])
            .subtracting([edge])
        for file in Self.sources where file.target == edge {
            let strangers = others.intersection(file.imports)
            #expect(strangers.isEmpty, "\(file.path) imports \(strangers.sorted())")
        }
    }

    /// What the toolchain brings.
    static let toolchain: Set<String> = [
        "Swift", "Synchronization", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Dispatch",
        "Testing", "XCTest", "RegexBuilder", "_StringProcessing",
    ]
    /// Linked, or built beside: nothing that is imported.
    static let notImported: Set<String> = ["CURLSessionRepair", "lb-controller", "lb-speaker", "lbctl"]

    /// A target of `Package.swift`: its dependencies by the name that an import has.
    struct Declared: Sendable {
        let name: String
        let dependencies: Set<String>
        let folder: String
    }

    static func declared() throws -> [Declared] {
        let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        let product = #/let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/#
        let products = Dictionary(uniqueKeysWithValues: manifest.matches(of: product).map { ($0.1, $0.2) })
        let target =
            #/\.(target|testTarget|executableTarget)\(\s*name: "([\w-]+)"(?:,\s*dependencies:\s*\[([^\]]*)\])?(?:,\s*path: "([^"]+)")?/#
        return manifest.matches(of: target).map { match in
            let words = (match.3 ?? "").split { $0 == "," || $0.isWhitespace }
            let names = words.map {
                $0.hasPrefix("\"") ? String($0.dropFirst().dropLast()) : String(products[$0] ?? $0)
            }
            let parent = match.1 == "testTarget" ? "Tests" : "Sources"
            return Declared(
                name: String(match.2), dependencies: Set(names),
                folder: match.4.map(String.init) ?? "\(parent)/\(match.2)")
        }
    }

    @Test("a target declares what it imports, and nothing else")
    func declarations() throws {
        let targets = try Self.declared()
        #expect(targets.count > 50)
        for target in targets {
            let files = Self.files(below: Self.root.appending(path: target.folder))
            let imported = Set(files.flatMap(\.imports)).subtracting(Self.toolchain)
            guard !files.isEmpty else { continue }
            let undeclared = imported.subtracting(target.dependencies)
            #expect(undeclared.isEmpty, "\(target.name) imports \(undeclared.sorted()) and does not declare it")
            let unused = target.dependencies.subtracting(imported).subtracting(Self.notImported)
            #expect(unused.isEmpty, "\(target.name) declares \(unused.sorted()) and does not import it")
        }
    }

    /// No product is a library; but the optimizer inlines small public functions into other targets, and no package ones.
    @Test("only the core, whose values are used everywhere, has anything public")
    func access() {
        for file in Self.sources where Self.core[file.target] == nil {
            for (number, text) in file.code where text.contains(#/(?:^|\s)public\s/#) {
                Issue.record("\(file.path):\(number) is public")
            }
        }
    }

    @Test("FoundationNetworking and async-http-client are imported by KubernetesClient alone")
    func oneClient() {
        for file in Self.sources where file.target != "KubernetesClient" {
            let strangers = Set(["FoundationNetworking", "AsyncHTTPClient"]).intersection(file.imports)
            #expect(strangers.isEmpty, "\(file.path) imports \(strangers.sorted())")
        }
    }

    @Test("the core reads no clock, draws no randomness, logs nothing and never awaits", arguments: core.keys.sorted())
    func pureCore(target: String) {
        let forbidden = [
            "ContinuousClock", "SuspendingClock", "clock_gettime", "Date()", "SystemRandomNumberGenerator",
            ".random(in:",
            "Logger(", "print(", " await ", "Task {", "DispatchQueue", "Mutex<", "Hasher(",
        ]
        for file in Self.sources where file.target == target {
            for (number, text) in file.code {
                for word in forbidden where text.contains(word) {
                    // A generator handed in (`.random(in: …, using: &generator)`) is the caller's randomness.
                    if word == ".random(in:", text.contains("using:") { continue }
                    Issue.record("\(file.path):\(number) uses \(word)")
                }
            }
        }
    }

    @Test("unsafe code stands only in PacketSocket, Netlink and CLinux, but for one rename(2)")
    func unsafeFence() {
        let words = [
            "withUnsafe", "@unchecked Sendable", "nonisolated(unsafe)", "UnsafeMutable", "UnsafePointer", "UnsafeRaw",
            "unsafeBitCast", "OpaquePointer", "unsafe ",
        ]
        for file in Self.sources where !Self.unsafeAllowed.contains(file.target) {
            // rename(2) takes C strings.
            for (number, text) in file.code where !text.contains("unsafe rename(") {
                for word in words where text.contains(word) { Issue.record("\(file.path):\(number) uses \(word)") }
            }
        }
    }

    @Test("nothing traps on purpose, and no task is unstructured")
    func noTraps() {
        let words = ["fatalError(", "try!", "as!", "preconditionFailure("]
        for file in Self.sources {
            for (number, text) in file.code {
                for word in words where text.contains(word) { Issue.record("\(file.path):\(number) uses \(word)") }
                // `group.addTask { … }` is a child task; `Task { … }` and `Task.detached { … }` belong to nobody.
                if text.contains(#/(?:^|[^.A-Za-z])Task(?:\.detached)?(?:\([^)]*\))? *\{/#) {
                    Issue.record("\(file.path):\(number) starts an unstructured task")
                }
            }
        }
    }

    @Test("an executable has fewer than 100 lines", arguments: executables)
    func smallExecutables(name: String) {
        let lines = Self.sources.filter { $0.target == name }.map(\.lines.count).reduce(0, +)
        #expect(lines > 0 && lines < 100, "\(name) has \(lines) lines")
    }

    @Test("no source file grows beyond 450 lines")
    func smallFiles() {
        for file in Self.sources where file.lines.count > 450 {
            Issue.record("\(file.path) has \(file.lines.count) lines: a second responsibility?")
        }
    }
}
