import Foundation
import KubernetesModel
import Testing

@testable import KubernetesClient

@Suite("What goes over the wire")
struct CodingTests {
    @Test("lines are cut at line feeds, however the bytes arrive", arguments: [1, 2, 3, 7, 64, 10_000])
    func lines(size: Int) {
        let lines = (0..<200).map { String(repeating: "x", count: $0 * 7 % 113 + 1) + "\($0)" }
        let bytes = Data((lines.joined(separator: "\n") + "\n\n\nrest").utf8)
        var (splitter, found) = (LineSplitter(), [String]())
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            splitter.append(bytes[start..<end]) { found.append(String(decoding: $0, as: UTF8.self)) }
            start = end
        }
        #expect(found == lines)
        #expect(String(decoding: splitter.rest, as: UTF8.self) == "rest")
    }

    func line(_ text: String) -> WatchLine<Service>? { WatchLine<Service>(Data(text.utf8)) }

    @Test("watch events are told apart")
    func watchLines() throws {
        let object = #"{"metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"spec":{"type":"LoadBalancer"}}"#
        guard case .applied(let added) = try #require(line(#"{"type":"ADDED","object":\#(object)}"#)) else {
            Issue.record("not applied")
            return
        }
        #expect(added.key == ObjectKey(namespace: "n", name: "a"))
        guard case .deleted = try #require(line(#"{"type":"DELETED","object":\#(object)}"#)) else {
            Issue.record("not deleted")
            return
        }
        let bookmark =
            #"{"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"9","creationTimestamp":null}}}"#
        guard case .bookmark("9") = try #require(line(bookmark)) else {
            Issue.record("no bookmark")
            return
        }
        let error = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#
        guard case .failure(let failure) = try #require(line(error)) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.isExpired && failure.message == "too old")
        guard case .unknown("RENAMED") = try #require(line(#"{"type":"RENAMED","object":{}}"#)) else {
            Issue.record("not unknown")
            return
        }
    }

    @Test("an object of the wrong shape is skipped by name, with the path of the fault")
    func skipped() throws {
        let text =
            #"{"type":"MODIFIED","object":{"metadata":{"name":"a","namespace":"n","resourceVersion":"8"},"spec":{"ports":[{"port":"eighty"}]}}}"#
        guard case .skipped(let object, let version, let isDeletion) = try #require(line(text)) else {
            Issue.record("not skipped")
            return
        }
        #expect(object.key.description == "n/a" && version == "8" && !isDeletion)
        #expect(object.message.contains(".spec.ports[0].port"), "\(object.message)")
    }

    @Test("what is no watch event is none", arguments: ["", "{", "[]", #"{"object":{}}"#, "<html>", "\u{0}"])
    func garbage(text: String) { #expect(line(text) == nil) }

    @Test("one bad object of a list hides no other")
    func lossyList() throws {
        let text =
            #"{"metadata":{"resourceVersion":"5","continue":""},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"},"spec":7},{"metadata":{"name":"c"}},null]}"#
        let page = try JSONDecoder().decode(ListPage<Service>.self, from: Data(text.utf8))
        var list = ObjectList<Service>(items: [], resourceVersion: "", skipped: [])
        page.add(to: &list)
        #expect(list.items.map(\.metadata.name) == ["a", "c"])
        #expect(list.skipped.map(\.key.name) == ["b", "?"])
        #expect(list.resourceVersion == "5" && page.next == nil)
    }

    @Test("objects are written with apiVersion and kind")
    func typed() throws {
        let lease = Lease(metadata: ObjectMeta(name: "a", namespace: "n"), spec: Lease.Spec(holderIdentity: "x"))
        let value = try JSONDecoder().decode(
            JSONValue.self, from: JSONEncoder().encode(TypedObject(object: lease)))
        #expect(value["apiVersion"]?.string == "coordination.k8s.io/v1")
        #expect(value["kind"]?.string == "Lease")
        #expect(value["spec"]?["holderIdentity"]?.string == "x")
    }

    @Test("an apply patch names its object, a merge patch is sent as it is")
    func patches() {
        let apply = Patch.apply(["status": ["a": 1]], fieldManager: "speaker x", force: true)
        let body = apply.body(type: ServiceL2Status.resource, namespace: "herald", name: "web")
        #expect(body["kind"]?.string == "ServiceL2Status")
        #expect(body["apiVersion"]?.string == "lb.cluster.home/v1beta1")
        #expect(body["metadata"]?["name"]?.string == "web")
        #expect(body["metadata"]?["namespace"]?.string == "herald")
        #expect(HTTPRequest.encode(apply.query) == "?fieldManager=speaker%20x&force=true")
        let merge = Patch.merge(["status": nil])
        #expect(merge.body(type: Service.resource, namespace: "n", name: "a") == ["status": nil])
    }

    @Test("errors keep what the API server said")
    func errors() {
        let body = #"{"kind":"Status","code":409,"reason":"Conflict","message":"the object has been modified"}"#
        let error = APIError(HTTPResponse(status: 409, body: Data(body.utf8)))
        #expect(error.isConflict && !error.isAlreadyExists && !error.isPermanent)
        #expect(error.description == "the object has been modified (409 Conflict)")
        let busy = APIError(HTTPResponse(status: 429, retryAfter: 3, body: Data("<html>".utf8)))
        #expect(busy.retryAfter == 3 && busy.reason.isEmpty && !busy.isPermanent)
        #expect(APIError(HTTPResponse(status: 403, body: Data())).isPermanent)
    }

    @Test(
        "the API server's clock is read from its answers",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sat, 29 Feb 2028 23:59:59 GMT", "2028-02-29T23:59:59Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("", nil),
        ] as [(String, String?)])
    func date(_ text: String, _ time: String?) { #expect(HTTPResponse.date(text) == time.flatMap { Timestamp($0) }) }
}
