package import Wire

/// Stands in for HMAC-SHA-256 where thousands of hours are simulated: a tag that depends on the key, the incarnation and
/// the sequence number only. Histories about forged frames use the real one.
package struct CheapAuthenticator: HelloAuthenticator {
    package init() {}

    package func tag(_ bytes: ArraySlice<UInt8>, key: [UInt8]) -> HelloTag {
        let start = bytes.startIndex
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for offset in [27, 34, 35] where start + offset < bytes.endIndex {
            value = (value ^ UInt64(bytes[start + offset])) &* 0x100_0000_01B3
        }
        return HelloTag(high: value, low: UInt64(bytes.count))
    }
}
