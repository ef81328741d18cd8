import Foundation
import KubernetesModel
import Testing

@Suite("Time")
struct TimestampTests {
    @Test(
        "RFC 3339 text is read and written",
        arguments: [
            ("1970-01-01T00:00:00Z", 0 as Int64?, "1970-01-01T00:00:00Z"),
            ("2026-11-21T07:28:09Z", 1_795_246_089_000_000, nil),
            ("2026-11-21T07:28:09.123456Z", 1_795_246_089_123_456, "2026-11-21T07:28:09Z"),
            ("2026-11-21T08:28:09+01:00", 1_795_246_089_000_000, "2026-11-21T07:28:09Z"),
            ("2026-11-21T07:28:09.1234567890123Z", 1_795_246_089_123_456, "2026-11-21T07:28:09Z"),
            ("1969-12-31T23:59:59Z", -1_000_000, "1969-12-31T23:59:59Z"),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000, nil),
            ("2026-11-21", nil, nil), ("2026-13-21T07:28:09Z", nil, nil), ("2026-11-21T07:28:09", nil, nil),
            ("", nil, nil),
            ("2026-11-21T07:28:09.Z", nil, nil), ("2026-11-21T07:28:09+0100", nil, nil),
            ("2026-11-21T07:28:09+", nil, nil),
        ])
    func text(text: String, microseconds: Int64?, written: String?) {
        #expect(Timestamp(text)?.microseconds == microseconds)
        if let microseconds { #expect(Timestamp(microseconds: microseconds).seconds == written ?? text) }
    }

    @Test("no time traps when it is written", arguments: [Int64.min, .min + 1, -1, .max])
    func extremes(microseconds: Int64) {
        let time = Timestamp(microseconds: microseconds)
        let digits = microseconds % 1_000_000 + (microseconds % 1_000_000 < 0 ? 1_000_000 : 0)
        #expect(time.micro.hasSuffix(".\(String(1_000_000 + digits).dropFirst())Z"), "\(time.micro)")
    }

    @Test("MicroTime is written with six decimals")
    func microTime() throws {
        let time = MicroTime(Timestamp(microseconds: 1_795_246_089_000_042))
        #expect(
            String(decoding: try JSONEncoder().encode([time]), as: UTF8.self) == #"["2026-11-21T07:28:09.000042Z"]"#)
        #expect(try JSONDecoder().decode([MicroTime].self, from: JSONEncoder().encode([time])) == [time])
    }
}

@Suite("Objects")
struct ObjectTests {
    @Test("an object with unknown fields is decoded to the known ones")
    func narrow() throws {
        let json =
            #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"grafana","namespace":"default","managedFields":[{}]},"spec":{"type":"LoadBalancer","ports":[{"port":80,"targetPort":"http"}],"sessionAffinity":"None"},"status":{"loadBalancer":{}}}"#
        let service = try JSONDecoder().decode(Service.self, from: Data(json.utf8))
        #expect(service.key == ObjectKey(namespace: "default", name: "grafana"))
        #expect(service.spec?.ports?.map(\.port) == [80])
        #expect(service.status?.loadBalancer?.ingress == nil)
    }

    @Test("paths follow the API conventions")
    func paths() {
        #expect(Service.resource.path() == "/api/v1/services")
        #expect(
            Service.resource.path(namespace: "default", name: "grafana", subresource: "status")
                == "/api/v1/namespaces/default/services/grafana/status")
        #expect(
            IPAddressPool.resource.path(namespace: "x", name: "lan")
                == "/apis/lb.cluster.home/v1beta1/ipaddresspools/lan")
        #expect(Lease.resource.apiVersion == "coordination.k8s.io/v1")
    }

    @Test(
        "a selector's requirements all have to hold",
        arguments: [
            (LabelSelector(), true), (LabelSelector(matchLabels: ["a": "1"]), true),
            (LabelSelector(matchLabels: ["a": "2"]), false),
            (LabelSelector(matchExpressions: [.init(key: "a", operator: "In", values: ["1", "2"])]), true),
            (LabelSelector(matchExpressions: [.init(key: "b", operator: "In", values: ["1"])]), false),
            (LabelSelector(matchExpressions: [.init(key: "b", operator: "NotIn", values: ["1"])]), true),
            (LabelSelector(matchExpressions: [.init(key: "a", operator: "Exists")]), true),
            (LabelSelector(matchExpressions: [.init(key: "a", operator: "DoesNotExist")]), false),
            (LabelSelector(matchExpressions: [.init(key: "a", operator: "Sideways")]), false),
            (LabelSelector(matchLabels: ["a": "1"], matchExpressions: [.init(key: "c", operator: "Exists")]), false),
        ])
    func selector(selector: LabelSelector, matches: Bool) { #expect(selector.matches(["a": "1"]) == matches) }

    @Test("an endpoint without conditions is ready and serving")
    func endpointDefaults() {
        #expect(EndpointSlice.Endpoint().isReady && EndpointSlice.Endpoint().isServing)
        #expect(!EndpointSlice.Endpoint(conditions: .init(ready: false)).isServing)
        #expect(EndpointSlice.Endpoint(conditions: .init(ready: false, serving: true)).isServing)
    }

    @Test("JSON values survive decoding and encoding, numbers and booleans apart")
    func jsonValue() throws {
        let value: JSONValue = ["a": [1, true, nil, "x", ["b": 2]], "big": .integer(.max), "half": .number(0.5)]
        #expect(try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value)) == value)
        #expect(value["a"]?.array?.first?.integer == 1)
    }
}
