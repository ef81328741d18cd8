import Foundation

/// What the kernel says about this process: the `process_*` metrics that Prometheus' own clients export.
package struct ProcessUsage: Sendable, Hashable {
    package var cpuSeconds: Double
    package var residentBytes: Int64
    package var virtualBytes: Int64
    package var threads: Int
    /// Seconds since 1970.
    package var startTime: Double
    package var openFiles: Int
    package var maximumFiles: Double

    /// Reads `/proc/self`; what can't be read is 0.
    package static func current() -> ProcessUsage {
        func text(_ path: String) -> String {
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        return ProcessUsage(
            stat: text("/proc/self/stat"), status: text("/proc/self/status"), limits: text("/proc/self/limits"),
            kernelStat: text("/proc/stat"), openFiles: files)
    }

    /// - Parameters:
    ///   - stat: `/proc/self/stat`, proc_pid_stat(5); its times are in ticks of 1/100 s on every Linux architecture.
    ///   - status: `/proc/self/status`, for sizes in kB whatever the page size is.
    ///   - limits: `/proc/self/limits`.
    ///   - kernelStat: `/proc/stat`, for the boot time.
    package init(stat: String, status: String, limits: String, kernelStat: String, openFiles: Int) {
        // The second field is the command's name in parentheses, and may itself contain blanks and parentheses.
        let afterName = stat[(stat.lastIndex(of: ")").map { stat.index(after: $0) } ?? stat.startIndex)...]
        let fields = afterName.split(whereSeparator: \.isWhitespace)
        // Field numbers as in the manual page, which counts from 1 and has two fields before these.
        func field(_ number: Int) -> Int64 {
            fields.indices.contains(number - 3) ? Int64(fields[number - 3]) ?? 0 : 0
        }
        func value(after prefix: String, in text: String) -> Substring? {
            text.split(separator: "\n").first { $0.hasPrefix(prefix) }?.dropFirst(prefix.count)
                .split(whereSeparator: \.isWhitespace).first
        }
        func kilobytes(_ name: String) -> Int64 {
            (value(after: name, in: status).flatMap { Int64($0) } ?? 0) * 1024
        }
        let bootTime = value(after: "btime", in: kernelStat).flatMap { Double($0) } ?? 0
        let files = value(after: "Max open files", in: limits)
        cpuSeconds = Double(field(14) + field(15)) / 100
        threads = Int(field(20))
        startTime = bootTime + Double(field(22)) / 100
        virtualBytes = kilobytes("VmSize:")
        residentBytes = kilobytes("VmRSS:")
        self.openFiles = openFiles
        maximumFiles = files == "unlimited" ? .infinity : files.flatMap { Double($0) } ?? 0
    }
}

extension MetricsRegistry {
    func updateProcessMetrics(_ usage: ProcessUsage) {
        number("process_cpu_seconds_total", [], kind: .counter).set(usage.cpuSeconds)
        number("process_resident_memory_bytes", [], kind: .gauge).set(usage.residentBytes)
        number("process_virtual_memory_bytes", [], kind: .gauge).set(usage.virtualBytes)
        number("process_threads", [], kind: .gauge).set(Int64(usage.threads))
        number("process_start_time_seconds", [], kind: .gauge).set(usage.startTime)
        number("process_open_fds", [], kind: .gauge).set(Int64(usage.openFiles))
        number("process_max_fds", [], kind: .gauge).set(usage.maximumFiles)
    }
}
