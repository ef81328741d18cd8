import Testing

@testable import Lab

@Suite("lab exec: which lab")
struct HeldLabTests {
    static let first = HeldLab(process: 103, ancestors: [102, 101], owner: 0)
    static let second = HeldLab(process: 203, ancestors: [202, 201], owner: 0)
    static let foreign = HeldLab(process: 303, ancestors: [302, 301], owner: 1000)

    @Test("one lab needs no name; it can be named by the process that was started, or by any below it")
    func one() throws {
        #expect(try HeldLab.choose(nil, of: [Self.first], user: 0).process == 103)
        for process in [101, 102, 103] {
            #expect(try HeldLab.choose(process, of: [Self.second, Self.first], user: 0).process == 103)
        }
    }

    @Test("several labs need one, and the complaint lists them")
    func several() {
        let error = #expect(throws: HeldLab.Unclear.self) {
            try HeldLab.choose(nil, of: [Self.second, Self.first, Self.foreign], user: 0)
        }
        #expect(
            error?.description
                == "2 labs are running; say with --lab which is meant: 101, 201 (process ids of `lbctl lab`)")
    }

    @Test("no lab, or another process, is said so")
    func none() {
        #expect(throws: HeldLab.Unclear.none) { try HeldLab.choose(nil, of: [], user: 0) }
        #expect(throws: HeldLab.Unclear.noSuch(5)) { try HeldLab.choose(5, of: [Self.first], user: 0) }
    }

    @Test("a process that another user marked as a lab is never entered, not even by root", arguments: [nil, 301, 303])
    func foreign(process: Int?) throws {
        let error = #expect(throws: HeldLab.Unclear.foreign(301, owner: 1000)) {
            try HeldLab.choose(process, of: [Self.foreign], user: 0)
        }
        #expect(
            error?.description == "the lab of process 301 belongs to user 1000: only its own user may enter it")
        #expect(try HeldLab.choose(nil, of: [Self.foreign, Self.first], user: 0).process == 103)
        #expect(try HeldLab.choose(nil, of: [Self.foreign, Self.first], user: 1000).process == 303)
    }
}

@Suite("lab: requests under a restart")
struct LabLoadTests {
    @Test("every line of curl is a request, and whatever is not 200 is a failure")
    func count() {
        let load = LabRestart.Load(
            "200 0.012 \n000 5.001 Connection timed out\n503 0.100 \n200 1.250 \n000 5.002 Connection timed out\n")
        #expect((load.requests, load.slowest) == (5, 5.002))
        #expect(load.failures == ["Connection timed out": 2, "status 503": 1])
        #expect(
            load.text.hasSuffix("3 failed (2 Connection timed out, 1 status 503), slowest 5.00 s"), "\(load.text)")
        #expect(LabRestart.Load("").requests == 0)
    }
}
