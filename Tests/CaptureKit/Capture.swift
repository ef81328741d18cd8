import CPcap

/// The frames of a capture file, read by libpcap.
package struct Capture: Sendable {
    package struct Frame: Sendable {
        /// Seconds since 1970.
        package let time: Double
        package let bytes: [UInt8]
    }

    package let frames: [Frame]

    package struct Unreadable: Error { package let message: String }

    /// Reads `.pcap` and `.pcapng` files with Ethernet frames.
    package init(file path: String) throws {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap_open_offline(path, &message) else {
            let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw Unreadable(message: String(decoding: text, as: UTF8.self))
        }
        defer { unsafe pcap_close(handle) }
        guard unsafe pcap_datalink(handle) == DLT_EN10MB else { throw Unreadable(message: "no Ethernet frames") }
        var frames: [Frame] = []
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var data: UnsafePointer<UInt8>?
        while unsafe pcap_next_ex(handle, &header, &data) == 1, let header = unsafe header, let data = unsafe data {
            let stamp = unsafe header.pointee.ts
            let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: Int(header.pointee.caplen)))
            frames.append(Frame(time: Double(stamp.tv_sec) + Double(stamp.tv_usec) / 1e6, bytes: bytes))
        }
        self.frames = frames
    }
}
