import KubernetesModel
import ObjectStore
import Testing

/// Patches, from the tables of their RFCs.
@Suite struct PatchTests {
    @Test(
        "a merge patch does what RFC 7396 appendix A lists",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#), (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ])
    func merge(document: String, patch: String, result: String) throws {
        #expect(MergePatch.apply(try json(patch), to: try json(document)) == (try json(result)))
    }

    @Test(
        "a JSON patch does what RFC 6902 appendix A lists",
        arguments: [
            (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
            (
                #"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                #"{"foo":["bar","qux","baz"]}"#
            ),
            (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
            (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
            (#"{"baz":"qux"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#, #"{"baz":"boo"}"#),
            (
                #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{}}"#,
                #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                #"{"foo":{"bar":"baz"},"qux":{"thud":"fred"}}"#
            ),
            (
                #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
                #"{"foo":["all","cows","eat","grass"]}"#
            ),
            (
                #"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
                #"{"foo":"bar","child":{"grandchild":{}}}"#
            ),
            (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
            (
                #"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
                #"{"foo":["bar",["abc","def"]]}"#
            ),
            (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a/b","path":"/c"}]"#, #"{"a":{"b":1},"c":1}"#),
        ])
    func jsonPatch(document: String, patch: String, result: String) throws {
        #expect(try JSONPatch.apply(try json(patch), to: try json(document)) == (try json(result)))
    }

    @Test(
        "a JSON patch that cannot be done is refused",
        arguments: [
            #"[{"op":"test","path":"/a","value":2}]"#, #"[{"op":"remove","path":"/none"}]"#,
            #"[{"op":"replace","path":"/none","value":1}]"#, #"[{"op":"add","path":"/none/x","value":1}]"#,
            #"[{"op":"add","path":"/list/9","value":1}]"#, #"[{"op":"add","path":"/list/-1","value":1}]"#,
            #"[{"op":"add","path":"/a"}]"#, #"[{"op":"fly","path":"/a"}]"#, #"[{"path":"/a"}]"#, #"{}"#, #"[1]"#,
            #"[{"op":"move","from":"/map","path":"/map/x"}]"#, #"[{"op":"remove","path":""}]"#,
            #"[{"op":"add","path":"a","value":1}]"#, #"[{"op":"add","path":"/list/99999999999999999999","value":1}]"#,
        ])
    func refusedJSONPatch(patch: String) throws {
        let document = try json(#"{"a":1,"list":[1],"map":{}}"#)
        #expect(throws: APIFailure.self) { try JSONPatch.apply(try json(patch), to: document) }
    }

    private static let schema = Schema([
        "type": "object",
        "properties": [
            "ports": [
                "type": "array", "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "port",
                "items": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
            ],
            "names": ["type": "array", "x-kubernetes-patch-strategy": "merge", "items": ["type": "string"]],
            "plain": ["type": "array", "items": ["type": "string"]],
        ],
    ])

    @Test(
        "a strategic merge patch follows the schema and its directives",
        arguments: [
            (
                #"{"ports":[{"port":80,"name":"a"}]}"#, #"{"ports":[{"port":80,"x":1},{"port":81}]}"#,
                #"{"ports":[{"port":80,"name":"a","x":1},{"port":81}]}"#
            ),
            (
                #"{"ports":[{"port":80},{"port":81}]}"#, #"{"ports":[{"port":80,"$patch":"delete"}]}"#,
                #"{"ports":[{"port":81}]}"#
            ),
            (
                #"{"ports":[{"port":80}]}"#, #"{"ports":[{"port":90},{"$patch":"replace"}]}"#,
                #"{"ports":[{"port":90}]}"#
            ),
            (
                #"{"ports":[{"port":80},{"port":81}]}"#,
                #"{"$setElementOrder/ports":[{"port":81},{"port":80}],"ports":[{"port":80,"x":1}]}"#,
                #"{"ports":[{"port":81},{"port":80,"x":1}]}"#
            ),
            (#"{"names":["a"]}"#, #"{"names":["b","a"]}"#, #"{"names":["a","b"]}"#),
            (#"{"names":["a","b"]}"#, #"{"$deleteFromPrimitiveList/names":["a"]}"#, #"{"names":["b"]}"#),
            (#"{"plain":["a"]}"#, #"{"plain":["b"]}"#, #"{"plain":["b"]}"#),
            (#"{"m":{"a":1,"b":2}}"#, #"{"m":{"$patch":"replace","c":3}}"#, #"{"m":{"c":3}}"#),
            (#"{"m":{"a":1}}"#, #"{"m":{"$patch":"delete"}}"#, #"{}"#),
            (#"{"m":{"a":1,"b":2}}"#, #"{"m":{"$retainKeys":["b"],"b":3}}"#, #"{"m":{"b":3}}"#),
            (#"{"a":1}"#, #"{"a":null}"#, #"{}"#),
        ])
    func strategic(document: String, patch: String, result: String) throws {
        #expect(
            try StrategicMergePatch.apply(try json(patch), to: try json(document), schema: Self.schema)
                == (try json(result)))
    }

    @Test(
        "a strategic merge patch without its key is refused",
        arguments: [
            #"{"ports":[{"name":"a"}]}"#, #"{"ports":["a"]}"#, #"{"$patch":"explode"}"#, #"[]"#,
        ])
    func refusedStrategic(patch: String) throws {
        #expect(throws: APIFailure.self) {
            try StrategicMergePatch.apply(try json(patch), to: ["ports": []], schema: Self.schema)
        }
    }
}
