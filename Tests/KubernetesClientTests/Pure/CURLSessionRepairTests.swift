import CURLSessionRepair
import Testing

/// What FoundationNetworking asks before each transfer: whether the URL's host is the one it knows.
@Suite("The repaired function of URLSession")
struct CURLSessionRepairTests {
    @Test(
        "the host of a URL is found and compared as it stands",
        arguments: [
            (
                "https://kubernetes.default.svc:443/api/v1/services?watch=true&timeoutSeconds=11",
                "kubernetes.default.svc"
            ),
            ("https://192.168.57.10:6443/version", "192.168.57.10"),
            ("https://name:secret@api.cluster.home/", "api.cluster.home"),
            ("https://API.cluster.home", "API.cluster.home"),
            ("https://[fd00:57::10]:6443/version", "fd00:57::10"),
            ("http://localhost", "localhost"),
        ])
    func equal(url: String, host: String) {
        #expect(unsafe __wrap_CFURLSessionCurlHostIsEqual(url, host))
    }

    @Test(
        "another host, a part of the host, or what is no URL is not taken for it",
        arguments: [
            ("https://api.cluster.home/", "api.cluster.hom"), ("https://api.cluster.home/", "api.cluster.home."),
            ("https://api.cluster.home@evil.example/", "api.cluster.home"), ("https://api.cluster.home/", ""),
            ("api cluster", "api cluster"), ("", ""),
        ])
    func different(url: String, host: String) {
        #expect(unsafe !__wrap_CFURLSessionCurlHostIsEqual(url, host))
    }
}
