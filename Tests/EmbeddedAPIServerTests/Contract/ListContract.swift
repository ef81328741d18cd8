import KubernetesModel
import ObjectStore
import Testing

/// Lists: selectors, pages, versions.
@Suite struct ListContract {
    @Test("label selectors of every form select", arguments: APIUnderTest.all)
    func labels(api: APIUnderTest) async throws {
        try await api.run { probe in
            for (name, labels) in [
                ("a", ["app": "web", "tier": "1"] as JSONValue), ("b", ["app": "web", "tier": "2"]),
                ("c", ["app": "db"]),
            ] {
                try await probe.post(probe.configMaps(), probe.configMap(name, labels: labels))
            }
            for (selector, names) in [
                ("app=web", ["a", "b"]), ("app==web,tier=2", ["b"]), ("app!=web,app", ["c"]), ("tier", ["a", "b"]),
                ("app,!tier", ["c"]), ("tier in (2,3)", ["b"]), ("app in (web,db),tier notin (1)", ["b", "c"]),
            ] {
                let query = selector.replacing(" ", with: "%20").replacing("!", with: "%21").replacing(",", with: "%2C")
                let found = try await probe.get(probe.configMaps("?labelSelector=\(query)"))
                #expect(found.names == names, "\(selector)")
            }
            #expect(try await probe.get(probe.configMaps("?labelSelector=a%20b%20c")).status == 400)
        }
    }

    @Test("field selectors select, and unknown fields are refused", arguments: APIUnderTest.all)
    func fields(api: APIUnderTest) async throws {
        try await api.run { probe in
            for name in ["a", "b"] { try await probe.post(probe.configMaps(), probe.configMap(name)) }
            #expect(try await probe.get(probe.configMaps("?fieldSelector=metadata.name%3Da")).names == ["a"])
            let unknown = try await probe.get(probe.configMaps("?fieldSelector=data.a%3D1"))
            #expect(unknown.status == 400)
            // A real server has two sentences for it, depending on the kind.
            #expect(unknown.message.contains("data.a"))
        }
    }

    @Test("pages show the state of the first page's version", arguments: APIUnderTest.all)
    func pages(api: APIUnderTest) async throws {
        try await api.run { probe in
            for name in ["a", "b", "c", "d", "e"] { try await probe.post(probe.configMaps(), probe.configMap(name)) }
            let first = try await probe.get(probe.configMaps("?limit=2"))
            #expect(first.names == ["a", "b"])
            #expect(first.body.at("metadata", "remainingItemCount")?.integer ?? 0 >= 3)
            try await probe.delete(probe.configMaps("/c"))
            try await probe.merge(probe.configMaps("/d"), ["data": ["a": "changed"]])
            try await probe.post(probe.configMaps(), probe.configMap("cc"))
            var names: [String] = []
            var token = first.body.at("metadata", "continue")?.string ?? ""
            #expect(!token.isEmpty)
            while !token.isEmpty {
                let page = try await probe.get(probe.configMaps("?limit=2&continue=\(token)"))
                #expect(page.version == first.version)
                names += page.names
                for item in page.items where item.at("metadata", "name") == "d" { #expect(item.at("data", "a") == "1") }
                token = page.body.at("metadata", "continue")?.string ?? ""
            }
            #expect(names.starts(with: ["c", "d", "e"]))
            #expect(!names.contains("cc"))
        }
    }

    @Test("a version can be listed exactly, and one that is not there yet is refused", arguments: APIUnderTest.all)
    func versions(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a"))
            let before = try await probe.get(probe.configMaps("?labelSelector=%21x"))
            try await probe.post(probe.configMaps(), probe.configMap("b"))
            let exact = try await probe.get(
                probe.configMaps("?resourceVersion=\(before.version)&resourceVersionMatch=Exact"))
            #expect(exact.names.contains("a") && !exact.names.contains("b"))
            let future = try await probe.get(
                probe.configMaps("?resourceVersion=999999999&resourceVersionMatch=NotOlderThan"))
            #expect(future.status == 504)
            #expect(try await probe.get(probe.configMaps("?continue=nonsense")).status == 400)
        }
    }

    @Test("a table has kubectl's columns", arguments: APIUnderTest.all)
    func table(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.services(), probe.service("web", type: "LoadBalancer"))
            let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
            let table = try await probe.get(probe.services(), accept: accept)
            #expect(table.body["kind"] == "Table")
            let columns = (table.body["columnDefinitions"]?.array ?? []).compactMap { $0["name"]?.string }
            #expect(columns == ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"])
            let cells = table.body["rows"]?.array?.first?["cells"]?.array ?? []
            #expect(cells.prefix(2) == ["web", "LoadBalancer"])
            #expect(cells.count > 3 && cells[3] == "<pending>")
            try await probe.post(probe.widgets(), probe.widget("w", ["size": 7]))
            let custom = try await probe.get(probe.widgets("/w"), accept: accept)
            #expect(custom.body["rows"]?.array?.first?["cells"]?.array?.prefix(2) == ["w", 7])
        }
    }

    @Test("metadata alone can be asked for", arguments: APIUnderTest.all)
    func metadata(api: APIUnderTest) async throws {
        try await api.run { probe in
            try await probe.post(probe.configMaps(), probe.configMap("a"))
            let list = try await probe.get(
                probe.configMaps(), accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
            #expect(list.body["kind"] == "PartialObjectMetadataList")
            #expect(list.items.allSatisfy { $0["data"] == nil && $0["metadata"] != nil })
        }
    }
}
