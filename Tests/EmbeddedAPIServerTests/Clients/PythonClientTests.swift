import EmbeddedAPIServer
import Foundation
import Testing

/// Python's `kubernetes` package lists, watches and patches.
@Suite(
    .enabled(
        if: FileManager.default.fileExists(atPath: Tool.clients + "/python/ready"),
        "no Python client: run scripts/fetch-test-clients"))
struct PythonClientTests {
    private static let program = """
        import sys, threading
        from kubernetes import client, config, watch
        config.load_kube_config(sys.argv[1])
        core = client.CoreV1Api()
        crds = client.CustomObjectsApi()
        print("services", sorted(s.metadata.name for s in core.list_service_for_all_namespaces().items))
        start = core.list_namespaced_service("default").metadata.resource_version
        def create():
            core.create_namespaced_service("default", client.V1Service(
                metadata=client.V1ObjectMeta(name="grafana", labels={"app": "grafana"}),
                spec=client.V1ServiceSpec(type="LoadBalancer", ports=[client.V1ServicePort(port=80, name="http")])))
            core.patch_namespaced_service_status("grafana", "default",
                {"status": {"loadBalancer": {"ingress": [{"ip": "192.168.57.200"}]}}})
            core.delete_namespaced_service("grafana", "default")
        timer = threading.Timer(0.2, create)
        timer.start()
        for event in watch.Watch().stream(core.list_namespaced_service, "default", resource_version=start,
                                          label_selector="app=grafana", timeout_seconds=30):
            ingress = event["object"].status.load_balancer.ingress
            print(event["type"], event["object"].metadata.name, ingress[0].ip if ingress else "-")
            if event["type"] == "DELETED":
                break
        timer.join()
        pages, token = [], None
        for name in ("a", "b", "c"):
            core.create_namespaced_config_map("default", {"metadata": {"name": name}, "data": {"k": name}})
        while True:
            page = core.list_namespaced_config_map("default", limit=2, _continue=token)
            pages.append([m.metadata.name for m in page.items])
            token = page.metadata._continue
            if not token:
                break
        print("pages", pages)
        try:
            core.read_namespaced_service("none", "default")
        except client.ApiException as error:
            print("error", error.status, error.reason)
        """

    @Test("it lists, pages, watches and understands errors")
    func client() async throws {
        try await withEmbeddedAPIServer { server in
            let folder = NSTemporaryDirectory() + "herald-python-\(UInt32.random(in: 0...UInt32.max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try server.writeKubeconfig(folder + "/kubeconfig")
            try Self.program.write(toFile: folder + "/client.py", atomically: true, encoding: .utf8)
            let python = Tool(path: Tool.clients + "/python/bin/python3")
            let result = try await python.run([folder + "/client.py", folder + "/kubeconfig"], seconds: 180)
            #expect(
                result.output == """
                    services ['kubernetes']
                    ADDED grafana -
                    MODIFIED grafana 192.168.57.200
                    DELETED grafana 192.168.57.200
                    pages [['a', 'b'], ['c']]
                    error 404 Not Found

                    """, "\(result.errors)")
        }
    }
}
