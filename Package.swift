// swift-tools-version: 6.3
import PackageDescription

// Every target is listed once, with the arrows it may draw (checked by Tests/ArchitectureTests, both ways).
// Core targets decide: synchronous, no clock, no randomness of their own, no I/O.
// Edge targets wrap one outside thing each, and import no other edge but CLinux.
// CURLSessionRepair is linked, not imported: it answers for a function of FoundationNetworking.

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioHTTPTypesHTTP2: Target.Dependency = .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras")

let core: [Target] = [
    .target(name: "MonotonicTime"),
    .target(name: "NetworkAddresses"),
    .target(name: "Wire", dependencies: ["NetworkAddresses", crypto]),
    .target(name: "AddressPools", dependencies: ["MonotonicTime", "NetworkAddresses"]),
    .target(name: "Membership", dependencies: ["MonotonicTime", "NetworkAddresses", "Wire"]),
    .target(name: "Election", dependencies: ["MonotonicTime", "NetworkAddresses", "Wire", crypto]),
    .target(name: "Layer2", dependencies: ["MonotonicTime", "NetworkAddresses", "Wire"]),
    .target(
        name: "Link", dependencies: ["MonotonicTime", "NetworkAddresses", "Wire", "Membership", "Election", "Layer2"]),
    .target(name: "KubernetesModel"),
    .target(name: "KubernetesYAML", dependencies: ["KubernetesModel", yams]),
    .target(
        name: "Reconciliation",
        dependencies: ["MonotonicTime", "NetworkAddresses", "AddressPools", "Election", "KubernetesModel"]),
    .target(name: "ObjectStore", dependencies: ["KubernetesModel"]),
]

let edges: [Target] = [
    .target(name: "CLinux"),
    .target(name: "CURLSessionRepair", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "ChildProcess", dependencies: [subprocess, system]),
    .target(name: "PacketSocket", dependencies: ["CLinux", "NetworkAddresses", "Wire"]),
    .target(name: "Netlink", dependencies: ["CLinux", "NetworkAddresses"]),
    .target(
        name: "KubernetesClient",
        dependencies: [
            "CURLSessionRepair", "MonotonicTime", "KubernetesModel", asyncHTTPClient, nioCore, nioPosix, nioSSL,
            logging, metrics, yams, lifecycle, nioHTTP1,
        ],
        linkerSettings: [.linkedLibrary("curl")]),
    .target(
        name: "EmbeddedAPIServer",
        dependencies: [
            "NetworkAddresses", "ObjectStore", "KubernetesModel", "KubernetesYAML", "Reconciliation", hummingbird,
            hummingbirdCore, nioCore, nioHTTP1, nioHTTP2, nioHTTPTypes, nioHTTPTypesHTTP1, nioHTTPTypesHTTP2, nioSSL,
            nioTLS, x509, asn1, crypto, logging, lifecycle,
        ]),
    .target(
        name: "Telemetry",
        dependencies: ["CLinux", logging, metrics, nioCore, nioPosix, nioHTTP1, lifecycle, coreMetrics]),
]

/// The release daemons stay small in memory: no exports, one copy of equal functions, compact relocations, and all
/// functions that run side by side (made by scripts/link-order), so that few pages of the program are touched.
let releaseLinking: LinkerSetting = {
    let folder = Context.packageDirectory + "/scripts/release"
    let options = [
        "-z", "pack-relative-relocs", "--icf=safe", "--version-script=\(folder)/exports.map",
        "--symbol-ordering-file=\(folder)/link-order.txt", "--no-warn-symbol-ordering",
    ]
    return .unsafeFlags(
        ["-use-ld=lld"] + options.flatMap { ["-Xlinker", $0] }, .when(platforms: [.linux], configuration: .release))
}()

/// One function of FoundationNetworking loses memory: CURLSessionRepair's takes its place, in what links it statically.
let repairedLinking: LinkerSetting = .unsafeFlags(
    ["-Xlinker", "--wrap=CFURLSessionCurlHostIsEqual"], .when(platforms: [.linux], configuration: .release))

let composition: [Target] = [
    .target(
        name: "Daemon",
        dependencies: ["MonotonicTime", "KubernetesClient", "KubernetesModel", "Telemetry", argumentParser, logging]),
    .target(
        name: "ControllerDaemon",
        dependencies: [
            "MonotonicTime", "NetworkAddresses", "AddressPools", "KubernetesModel", "Reconciliation",
            "KubernetesClient", "Telemetry", "Daemon", logging, metrics, lifecycle, unixSignals,
            argumentParser,
        ]),
    .target(
        name: "SpeakerDaemon",
        dependencies: [
            "MonotonicTime", "NetworkAddresses", "Wire", "Election", "Layer2", "Link", "KubernetesModel",
            "Reconciliation", "PacketSocket", "Netlink", "KubernetesClient", "Telemetry", "Daemon", logging,
            metrics, lifecycle, unixSignals, argumentParser,
        ]),
    .target(
        name: "Lab",
        dependencies: [
            "NetworkAddresses", "KubernetesModel", "KubernetesYAML", "KubernetesClient", "ChildProcess", subprocess,
            hummingbird, nioCore, nioPosix, logging,
        ]),
    .target(
        name: "LoadBalancerControl",
        dependencies: [
            "MonotonicTime", "NetworkAddresses", "AddressPools", "Wire", "KubernetesModel", "KubernetesYAML",
            "Reconciliation", "ObjectStore", "KubernetesClient", "EmbeddedAPIServer", "CLinux", "ChildProcess",
            "PacketSocket", "Netlink", "Lab", "Telemetry", logging, system, argumentParser, lifecycle, unixSignals,
        ]),
    .executableTarget(
        name: "lb-controller", dependencies: ["ControllerDaemon", "Daemon"],
        linkerSettings: [releaseLinking, repairedLinking]),
    .executableTarget(
        name: "lb-speaker", dependencies: ["SpeakerDaemon", "Daemon"],
        linkerSettings: [releaseLinking, repairedLinking]),
    .executableTarget(name: "lbctl", dependencies: ["LoadBalancerControl"], linkerSettings: [repairedLinking]),
]

let tests: [Target] = [
    .target(name: "SeededRandom", path: "Tests/SeededRandom"),
    .target(
        name: "SimulationKit",
        dependencies: [
            "SeededRandom", "MonotonicTime", "NetworkAddresses", "Wire", "Membership", "Election", "Layer2", "Link",
        ],
        path: "Tests/SimulationKit"),
    .target(
        name: "AllocationKit",
        dependencies: [
            "SeededRandom", "ControllerDaemon", "Reconciliation", "AddressPools", "KubernetesModel", "MonotonicTime",
            "NetworkAddresses",
        ],
        path: "Tests/AllocationKit"),
    .systemLibrary(
        name: "CPcap", path: "Tests/CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .target(name: "CaptureKit", dependencies: ["CPcap"], path: "Tests/CaptureKit"),
    .target(name: "ContractKit", path: "Tests/ContractKit"),
    .target(
        name: "ValidationRows", dependencies: ["KubernetesModel", "KubernetesYAML"], path: "Tests/ValidationRows",
        exclude: ["rows.yaml"]),
    .target(name: "CTestSupport", path: "Tests/CTestSupport"),
    .testTarget(
        name: "PacketSocketTests",
        dependencies: ["SeededRandom", "PacketSocket", "Netlink", "NetworkAddresses", "Wire"]),
    .executableTarget(
        name: "api-server-bench",
        dependencies: [
            "EmbeddedAPIServer", "KubernetesModel", "ObjectStore", asyncHTTPClient, nioCore, nioHTTP1, nioSSL,
        ],
        path: "Tests/Benchmarks/api-server-bench"),
    .executableTarget(name: "arp-witness", path: "Tests/Benchmarks/arp-witness"),
    .executableTarget(
        name: "failover-bench",
        dependencies: [
            "EmbeddedAPIServer", "KubernetesClient", "KubernetesModel", "Lab", "PacketSocket", "Wire",
            "NetworkAddresses", nioCore, nioPosix, argumentParser,
        ],
        path: "Tests/Benchmarks/failover-bench"),
    .executableTarget(
        name: "client-bench",
        dependencies: ["KubernetesClient", "EmbeddedAPIServer", "KubernetesModel", "MonotonicTime", nioCore, nioPosix],
        path: "Tests/Benchmarks/client-bench", linkerSettings: [repairedLinking]),
    .executableTarget(
        name: "simulate", dependencies: ["SimulationKit"], path: "Tests/Simulate"),
    .executableTarget(name: "histories", dependencies: ["AllocationKit"], path: "Tests/Histories"),
    .testTarget(name: "MonotonicTimeTests", dependencies: ["MonotonicTime"]),
    .testTarget(name: "NetworkAddressesTests", dependencies: ["NetworkAddresses"]),
    .testTarget(name: "WireTests", dependencies: ["Wire", "NetworkAddresses"]),
    .testTarget(
        name: "AddressPoolsTests", dependencies: ["SeededRandom", "AddressPools", "MonotonicTime", "NetworkAddresses"]),
    .testTarget(name: "MembershipTests", dependencies: ["Membership", "MonotonicTime", "Wire", "NetworkAddresses"]),
    .testTarget(name: "ElectionTests", dependencies: ["Election", "MonotonicTime", "NetworkAddresses", "Wire"]),
    .testTarget(
        name: "Layer2Tests", dependencies: ["Layer2", "MonotonicTime", "Wire", "NetworkAddresses", "CaptureKit"]),
    .testTarget(name: "KubernetesModelTests", dependencies: ["KubernetesModel"]),
    .testTarget(name: "KubernetesYAMLTests", dependencies: ["KubernetesYAML", "KubernetesModel"]),
    .testTarget(
        name: "ReconciliationTests",
        dependencies: [
            "SeededRandom", "Reconciliation", "Election", "KubernetesModel", "KubernetesYAML", "NetworkAddresses",
            "ValidationRows",
        ]),
    .testTarget(name: "ObjectStoreTests", dependencies: ["SeededRandom", "ObjectStore", "KubernetesModel"]),
    .testTarget(
        name: "KubernetesClientTests",
        dependencies: [
            "SeededRandom", "KubernetesClient", "CURLSessionRepair", "KubernetesModel", "MonotonicTime",
            "EmbeddedAPIServer", "ContractKit", "ChildProcess", asyncHTTPClient, nioCore, nioPosix, nioSSL, x509, asn1,
            crypto, logging, lifecycle,
        ]),
    .testTarget(
        name: "EmbeddedAPIServerTests",
        dependencies: [
            "EmbeddedAPIServer", "ObjectStore", "KubernetesModel", "KubernetesYAML", "ContractKit", "ValidationRows",
            "ChildProcess", asyncHTTPClient, nioCore, nioHTTP1, nioSSL, logging, lifecycle,
        ]),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "ChildProcess", logging, lifecycle, coreMetrics]),
    .testTarget(
        name: "ControllerDaemonTests",
        dependencies: [
            "ControllerDaemon", "AllocationKit", "EmbeddedAPIServer", "KubernetesClient", "KubernetesModel",
            "Reconciliation", "MonotonicTime", "NetworkAddresses", logging, argumentParser,
        ]),
    .testTarget(
        name: "SpeakerDaemonTests",
        dependencies: [
            "SpeakerDaemon", "Link", "Membership", "MonotonicTime", "Election", "Layer2", "Wire", "NetworkAddresses",
            "Reconciliation", "KubernetesModel", "KubernetesClient", "Netlink", "Telemetry", "EmbeddedAPIServer",
            "Daemon", argumentParser, logging,
        ]),
    .testTarget(
        name: "LoadBalancerControlTests",
        dependencies: [
            "LoadBalancerControl", "Lab", "ChildProcess", "KubernetesClient", "KubernetesModel", "KubernetesYAML",
            "EmbeddedAPIServer", "Reconciliation", "AddressPools", "MonotonicTime", "NetworkAddresses", "Netlink",
            "Wire", "lbctl", "lb-controller", "lb-speaker", argumentParser,
        ]),
    .testTarget(
        name: "SimulationTests",
        dependencies: ["SimulationKit"]),
    .testTarget(
        name: "NamespaceTests",
        dependencies: [
            "Wire", "NetworkAddresses", "PacketSocket", "Netlink", "MonotonicTime", "Layer2", "Link", "Election",
            "SpeakerDaemon", "CaptureKit", "CTestSupport", "ChildProcess",
        ]),
    .testTarget(
        name: "ManifestTests",
        dependencies: [
            "KubernetesModel", "KubernetesYAML", "KubernetesClient", "EmbeddedAPIServer", "Telemetry", metrics,
        ],
        exclude: ["node.sh"]),
    .testTarget(name: "ArchitectureTests"),
]

let package = Package(
    name: "herald",
    products: [
        .executable(name: "lb-controller", targets: ["lb-controller"]),
        .executable(name: "lb-speaker", targets: ["lb-speaker"]),
        .executable(name: "lbctl", targets: ["lbctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: core + edges + composition + tests
)

// libFuzzer targets (`make fuzz`): static libraries, because libFuzzer brings its own `main`.
if Context.environment["HERALD_FUZZING"] != nil {
    for (name, dependencies) in [
        ("FuzzLinkFrame", ["Wire", "Layer2", "MonotonicTime", "NetworkAddresses"]), ("FuzzHello", ["Wire"]),
        ("FuzzNetlink", ["Netlink"]),
    ] {
        package.targets.append(
            .target(
                name: name, dependencies: dependencies.map { .init(stringLiteral: $0) }, path: "Tests/Fuzzing/\(name)"))
        package.products.append(.library(name: name, type: .static, targets: [name]))
    }
}

let inC: Set = ["CLinux", "CURLSessionRepair", "CTestSupport"]
for target in package.targets where target.type != .system && !inC.contains(target.name) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}

if Context.environment["HERALD_FUZZING"] != nil {
    let fuzzed: Set = ["Wire", "Layer2", "Netlink", "FuzzLinkFrame", "FuzzHello", "FuzzNetlink"]
    for target in package.targets where fuzzed.contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer"]))
    }
}
