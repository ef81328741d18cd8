import AsyncHTTPClient
import EmbeddedAPIServer
import Foundation
import KubernetesModel
import NIOCore
import ObjectStore
import Testing

/// The switches that other suites turn, and the limits that keep the server standing.
@Suite struct FaultTests {
    @Test("a stopped server refuses, and comes back on its port with its objects")
    func restart() async throws {
        try await APIUnderTest.embedded.run { probe in
            let server = try #require(probe.embedded)
            try await probe.post(probe.configMaps(), probe.configMap("kept"))
            let port = server.port
            await server.stop()
            await #expect(throws: (any Error).self) { try await probe.get(probe.configMaps()) }
            try await server.start()
            #expect(server.port == port)
            // The client may find out only now that its pooled connection was cut.
            var status = (try? await probe.get(probe.configMaps("/kept")))?.status
            if status == nil { status = try await probe.get(probe.configMaps("/kept")).status }
            #expect(status == 200)
        }
    }

    @Test("a server with connected watchers, and a child process started meanwhile, comes back on its port")
    func restartUnderWatch() async throws {
        try await APIUnderTest.embedded.run { probe in
            let server = try #require(probe.embedded)
            let port = server.port
            // Inherits what is not marked close-on-exec; Foundation's and Subprocess' own children do not.
            var child: pid_t = 0
            let arguments = ["sleep", "20"]
            var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
            defer { unsafe words.forEach { unsafe free($0) } }
            #expect(unsafe posix_spawnp(&child, "sleep", nil, nil, &words, environ) == 0)
            defer {
                kill(child, SIGKILL)
                waitpid(child, nil, 0)
            }
            for _ in 0..<2 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            // As a reflector: again and again until it is told to stop.
                            while !Task.isCancelled {
                                _ = try? await probe.watch(probe.configMaps(), count: 1000)
                                try? await Task.sleep(for: .milliseconds(50))
                            }
                        }
                    }
                    try await Task.sleep(for: .milliseconds(300))
                    await server.stop()
                    try await Task.sleep(for: .seconds(1))
                    try await server.start()
                    #expect(server.port == port)
                    group.cancelAll()
                }
            }
        }
    }

    @Test("the cluster's own Service ranges are served, as Kubernetes 1.33 does")
    func serviceRanges() async throws {
        try await APIUnderTest.embedded.run { probe in
            let range = try await probe.get("/apis/networking.k8s.io/v1/servicecidrs/kubernetes")
            #expect(range.body.at("spec", "cidrs") == ["10.96.0.0/16", "fd00:10:96::/112"])
            let address = try await probe.get("/api/v1/namespaces/default/services/kubernetes")
            #expect(address.body.at("spec", "clusterIP") == "10.96.0.1")
        }
    }

    @Test("a paused server answers nothing until it is resumed")
    func pause() async throws {
        try await APIUnderTest.embedded.run { probe in
            let server = try #require(probe.embedded)
            server.pause()
            let request = probe.request("GET", probe.configMaps(), type: nil)
            await #expect(throws: (any Error).self) {
                _ = try await probe.client.execute(request, timeout: .milliseconds(200))
            }
            server.resume()
            #expect(try await probe.get(probe.configMaps()).status == 200)
        }
    }

    @Test("after compaction an old watch and an old page get 410")
    func compaction() async throws {
        try await APIUnderTest.embedded.run { probe in
            let server = try #require(probe.embedded)
            for name in ["a", "b", "c"] { try await probe.post(probe.configMaps(), probe.configMap(name)) }
            let first = try await probe.get(probe.configMaps("?limit=1"))
            try await probe.delete(probe.configMaps("/b"))
            server.compactHistory()
            let token = first.body.at("metadata", "continue")?.string ?? ""
            let page = try await probe.get(probe.configMaps("?limit=1&continue=\(token)"))
            #expect(page.status == 410)
            #expect(page.reason == "Expired")
            let events = try await probe.watch(probe.configMaps("?resourceVersion=\(first.version)"), count: 1)
            #expect(events.first?.type == "ERROR")
            #expect(events.first?.at("object", "reason") == "Expired")
        }
    }

    @Test("history is bounded: a watch that is far behind gets 410, a close one goes on")
    func history() async throws {
        var configuration = APIServerConfiguration()
        configuration.historyLimit = 8
        try await APIProbe.embedded(configuration) { probe in
            let start = try await probe.get(probe.configMaps()).version
            for number in 0..<20 { try await probe.post(probe.configMaps(), probe.configMap("n\(number)")) }
            let old = try await probe.watch(probe.configMaps("?resourceVersion=\(start)"), count: 1)
            #expect(old.first?.type == "ERROR")
            let newest = Int(try await probe.get(probe.configMaps()).version) ?? 0
            let close = try await probe.watch(probe.configMaps("?resourceVersion=\(newest - 2)"), count: 2)
            #expect(close.map(\.type) == ["ADDED", "ADDED"])
        }
    }

    @Test(
        "hostile requests are refused and the server stands",
        arguments: [
            ("POST", "/api/v1/namespaces/default/configmaps", "{"),
            ("POST", "/api/v1/namespaces/default/configmaps", "[]"),
            ("POST", "/api/v1/namespaces/default/configmaps", "\u{0}"),
            ("POST", "/api/v1/namespaces/default/configmaps", String(repeating: "[", count: 100_000)),
            ("POST", "/api/v1/namespaces/default/configmaps", #"{"metadata":7}"#),
            ("POST", "/api/v1/namespaces/default/services", #"{"metadata":{"name":"a"},"spec":{"ports":{"x":1}}}"#),
            ("GET", "/api/v1/configmaps?limit=-1", ""),
            ("GET", "/api/v1/configmaps?continue=1.zz.00", ""), ("GET", "/api/v1/../../etc/passwd", ""),
            ("GET", "/api/v1/configmaps?labelSelector=%28%28%28", ""), ("BREW", "/api/v1/configmaps", ""),
        ])
    func hostile(method: String, path: String, body: String) async throws {
        try await APIUnderTest.embedded.run { probe in
            let request = probe.request(method, path, body.isEmpty ? nil : Array(body.utf8), type: "application/json")
            let answer = try await probe.call(request)
            #expect((400..<500).contains(answer.status))
            #expect(answer.body["kind"] == "Status")
            #expect(try await probe.get("/readyz").status == 200)
        }
    }

    @Test("a body beyond the limit is refused")
    func large() async throws {
        try await APIUnderTest.embedded.run { probe in
            let text = String(repeating: "x", count: 4 << 20)
            let answer = try await probe.post(probe.configMaps(), probe.configMap("a", data: ["a": .string(text)]))
            #expect(answer.status == 413)
            #expect(answer.reason == "RequestEntityTooLarge")
        }
    }

    @Test("a namespace is deleted with what is in it, and waits for finalizers")
    func namespaces() async throws {
        try await APIUnderTest.embedded.run { probe in
            var held = probe.configMap("held")
            held.set("metadata", "finalizers", to: ["cluster.home/hold"])
            try await probe.post(probe.configMaps(), held)
            try await probe.post(probe.services(), probe.service("web"))
            let path = "/api/v1/namespaces/\(probe.namespace)"
            let terminating = try await probe.delete(path)
            #expect(terminating.body.at("status", "phase") == "Terminating")
            #expect(try await probe.get(probe.services("/web")).status == 404)
            #expect(try await probe.post(probe.configMaps(), probe.configMap("late")).status == 403)
            try await probe.merge(probe.configMaps("/held"), ["metadata": ["finalizers": .null]])
            #expect(try await probe.get(path).status == 404)
        }
    }
}
