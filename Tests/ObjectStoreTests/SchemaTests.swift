import KubernetesModel
import ObjectStore
import Testing

@Suite struct SchemaTests {
    @Test(
        "an int32 has 32 bits",
        arguments: [(-2_147_483_649, false), (-2_147_483_648, true), (2_147_483_647, true), (2_147_483_648, false)])
    func int32(number: Int64, isAccepted: Bool) {
        let schema = Schema(["type": "integer", "format": "int32"])
        #expect(schema.validate(.integer(number)).isEmpty == isAccepted)
    }
}
