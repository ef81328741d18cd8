import KubernetesModel
import ObjectStore
import Testing

/// Watches: what comes, in which order, and how they end.
@Suite struct WatchContract {
    @Test("a watch from a version tells what happened since, in order", arguments: APIUnderTest.all)
    func resume(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a"))
            let version = try await probe.get(probe.configMaps()).version
            try await probe.post(probe.configMaps(), probe.configMap("b"))
            try await probe.merge(probe.configMaps("/b"), ["data": ["a": "2"]])
            let events = try await probe.watch(probe.configMaps("?resourceVersion=\(version)"), count: 3) {
                try await probe.delete(probe.configMaps("/b"))
            }
            #expect(events.map(\.type) == ["ADDED", "MODIFIED", "DELETED"])
            #expect(events.map(\.name) == ["b", "b", "b"])
            let versions = events.compactMap {
                $0.at("object", "metadata", "resourceVersion")?.string.flatMap { Int($0) }
            }
            #expect(versions == versions.sorted() && Set(versions).count == 3)
            #expect(events.last?.at("object", "data", "a") == "2")
        }
    }

    @Test("a watch without a version begins with what exists", arguments: APIUnderTest.all)
    func initial(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a", labels: ["mine": "yes"]))
            let events = try await probe.watch(probe.configMaps("?labelSelector=mine"), count: 2) {
                try await probe.post(probe.configMaps(), probe.configMap("b", labels: ["mine": "yes"]))
            }
            #expect(events.map(\.type) == ["ADDED", "ADDED"])
            #expect(events.map(\.name) == ["a", "b"])
        }
    }

    @Test("an object that begins or ceases to match comes or goes", arguments: APIUnderTest.all)
    func selectors(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a"))
            let version = try await probe.get(probe.configMaps()).version
            let path = probe.configMaps("?labelSelector=on%3Dtrue&resourceVersion=\(version)")
            let events = try await probe.watch(path, count: 3) {
                try await probe.post(probe.configMaps(), probe.configMap("other"))
                try await probe.merge(probe.configMaps("/a"), ["metadata": ["labels": ["on": "true"]]])
                try await probe.merge(probe.configMaps("/a"), ["data": ["a": "2"]])
                try await probe.merge(probe.configMaps("/a"), ["metadata": ["labels": ["on": "false"]]])
            }
            #expect(events.map(\.type) == ["ADDED", "MODIFIED", "DELETED"])
            #expect(events.map(\.name) == ["a", "a", "a"])
        }
    }

    @Test("a watch of one name and of one namespace sees nothing else", arguments: APIUnderTest.all)
    func narrow(api: APIUnderTest) async throws {
        try await api.run { probe in
            let version = try await probe.get(probe.configMaps()).version
            let path = probe.configMaps("?fieldSelector=metadata.name%3Db&resourceVersion=\(version)")
            let events = try await probe.watch(path, count: 1) {
                try await probe.post(
                    "/api/v1/namespaces/default/configmaps",
                    [
                        "metadata": ["generateName": "elsewhere-"], "data": [:],
                    ])
                for name in ["a", "b"] { try await probe.post(probe.configMaps(), probe.configMap(name)) }
            }
            #expect(events.map(\.name) == ["b"])
        }
    }

    @Test(
        "a watch from a version that is yet to come opens, and hears nothing before it, not even a bookmark",
        arguments: APIUnderTest.all)
    func future(api: APIUnderTest) async throws {
        try await api.run { probe in
            let version = Int(try await probe.get(probe.configMaps()).version) ?? 0
            let path = probe.configMaps(
                "?resourceVersion=\(version + 1_000_000)&allowWatchBookmarks=true&timeoutSeconds=3")
            let events = try await probe.watch(path, count: 1) {
                try await probe.post(probe.configMaps(), probe.configMap("a"))
            }
            #expect(events.isEmpty, "\(events)")
            guard api == .embedded else { return }
            let near = try await probe.watch(probe.configMaps("?resourceVersion=\(version + 3)"), count: 1) {
                for name in ["b", "c", "d"] { try await probe.post(probe.configMaps(), probe.configMap(name)) }
            }
            #expect(near.map(\.name) == ["d"])
        }
    }

    @Test("a watch ends when its time is over", arguments: APIUnderTest.all)
    func timeout(api: APIUnderTest) async throws {
        try await api.run { probe in
            let version = try await probe.get(probe.configMaps()).version
            let events = try await probe.watch(
                probe.configMaps("?resourceVersion=\(version)&timeoutSeconds=1"), count: 1)
            #expect(events.isEmpty)
        }
    }

    @Test("the last bookmark of a watch lets the next one go on", arguments: APIUnderTest.all)
    func bookmarks(api: APIUnderTest) async throws {
        try await api.run { probe in
            let version = try await probe.get(probe.configMaps()).version
            // A bookmark comes before the end of a watch that is old enough; others may come earlier.
            let path = probe.configMaps("?resourceVersion=\(version)&allowWatchBookmarks=true&timeoutSeconds=4")
            let events = try await probe.watch(path, count: .max) {
                try await probe.post(probe.configMaps(), probe.configMap("a"))
            }
            let bookmark = events.last { $0.type == "BOOKMARK" }
            #expect(events.first?.type == "ADDED" || events.first?.type == "BOOKMARK")
            let reached = bookmark?.at("object", "metadata", "resourceVersion")?.string ?? ""
            #expect(Int(reached) ?? 0 >= Int(version) ?? .max)
            #expect(bookmark?.at("object", "kind") == "ConfigMap")
            let next = try await probe.watch(probe.configMaps("?resourceVersion=\(reached)"), count: 1) {
                try await probe.post(probe.configMaps(), probe.configMap("b"))
            }
            #expect(next.map(\.name) == ["b"])
        }
    }

    @Test("a table can be watched", arguments: APIUnderTest.all)
    func table(api: APIUnderTest) async throws {
        try await api.run { probe in
            let version = try await probe.get(probe.configMaps()).version
            let events = try await probe.watch(
                probe.configMaps("?resourceVersion=\(version)"), count: 2,
                accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
            ) {
                for name in ["a", "b"] { try await probe.post(probe.configMaps(), probe.configMap(name)) }
            }
            #expect(events.allSatisfy { $0.at("object", "kind") == "Table" })
            #expect(events.map { $0.at("object", "rows")?.array?.first?["cells"]?.array?.first } == ["a", "b"])
        }
    }

    @Test("initial events can be asked for, and end with a marked bookmark", arguments: APIUnderTest.all)
    func initialEvents(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a", labels: ["mine": "yes"]))
            let path = probe.configMaps(
                "?labelSelector=mine&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan")
            let events = try await probe.watch(path, count: 2)
            #expect(events.map(\.type) == ["ADDED", "BOOKMARK"])
            #expect(
                events.last?.at("object", "metadata", "annotations", "k8s.io/initial-events-end") == "true")
        }
    }
}
