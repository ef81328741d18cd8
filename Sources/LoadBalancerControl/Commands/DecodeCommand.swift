import ArgumentParser
import Foundation
import KubernetesModel

/// `lbctl decode FILE.pcap`.
struct DecodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Prints a capture as Herald sees it: ARP, NDP, Hello, and why a frame is dropped.",
        discussion: "Record one with: tcpdump -i eth0 -w FILE 'arp or icmp6 or ether proto 0x88b5'")

    @Argument(help: "A pcap or pcapng file; - is standard input.", completion: .file())
    var file: String
    @Flag(help: "Only the summary.")
    var summary = false
    @Option(name: [.customShort("o"), .customLong("output")], help: "table, json or yaml.")
    var format = OutputOptions.Format.table

    func run() async throws {
        let data = try InputFile.data(file)
        let capture: CaptureFile
        do { capture = try CaptureFile([UInt8](data)) } catch { throw Complaint("\(file) \(error)") }
        if capture.isCutShort { Console.complain("\(file) ends in the middle of a frame; the rest is shown") }
        let texts = capture.frames.map { FrameText($0.octets) }
        let drops = Dictionary(texts.compactMap(\.dropReason).map { ($0, 1) }, uniquingKeysWith: +)
        if format.isDocument {
            let frames = zip(capture.frames, texts).map { frame, text -> JSONValue in
                [
                    "time": .string(Timestamp(microseconds: frame.time).micro), "text": .string(text.text),
                    "drop": text.dropReason.map { .string($0) } ?? .null,
                ]
            }
            Console.text(OutputOptions.text(["items": .array(frames)], format))
            return
        }
        if !summary, let first = capture.frames.first?.time {
            for (frame, text) in zip(capture.frames, texts) {
                Console.line("\(String(format: "%10.6f", Double(frame.time - first) / 1e6))  \(text.text)")
            }
        }
        let dropped = drops.values.reduce(0, +)
        Console.line("\(texts.count) frames, \(texts.count - dropped) understood, \(dropped) dropped")
        for (reason, count) in drops.sorted(by: { $0.key < $1.key }) { Console.line("  \(count) \(reason)") }
    }
}
