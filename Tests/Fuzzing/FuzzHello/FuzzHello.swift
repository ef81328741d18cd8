import Wire

/// Any bytes as a Hello, Claims or Refuse frame, on both carriers; authentication is skipped, as an insider would.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHello(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    let cluster = ClusterID(uid: "fuzz")
    for start in [0, EthernetHeader.length, UnicastCarrier.payloadStart(bytes) ?? 0] where start <= bytes.count {
        guard let view = try? HelloFrameView(bytes, at: start, cluster: cluster) else { continue }
        _ = try? view.sender()
        _ = try? view.body()
        _ = view.isAuthentic(HelloKeys(current: [1, 2, 3]), HMACAuthenticator())
    }
    return 0
}
