import NetworkAddresses
import Testing

@Suite("Addresses")
struct AddressTests {
    @Test(
        "IPv4 text is four decimal octets and nothing else",
        arguments: [
            ("192.168.57.200", 0xC0A8_39C8 as UInt32?), ("0.0.0.0", 0), ("255.255.255.255", .max), ("1.2.3", nil),
            ("1.2.3.4.5", nil), ("1.2.3.256", nil), ("01.2.3.4", nil), ("1.2.3.04", nil), ("", nil), ("1..2.3", nil),
            (".1.2.3", nil), ("1.2.3.", nil), ("1.2.3.4 ", nil), ("1.2.3.4/24", nil), ("a.b.c.d", nil),
            ("1.2.3.-4", nil),
            ("99999999999.1.1.1", nil), ("１.2.3.4", nil),
        ])
    func ipv4(text: String, value: UInt32?) {
        #expect(IPv4Address(text)?.rawValue == value)
        if let value { #expect(IPv4Address(rawValue: value).description == text) }
    }

    @Test(
        "IPv6 text is read in every form and written in RFC 5952's",
        arguments: [
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("::ffff:c000:201", "::ffff:192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("fe80::0202:b3ff:fe1e:8329", "fe80::202:b3ff:fe1e:8329"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ])
    func ipv6(text: String, canonical: String) throws {
        let address = try #require(IPv6Address(text))
        #expect(address.description == canonical)
        #expect(IPv6Address(canonical) == address)
    }

    @Test(
        "what is no IPv6 address is refused",
        arguments: [
            "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0",
            "::1/64", "1:",
            ":1", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1.2.3.4::",
            "::1.2.3.4:5", "1:::2",
        ])
    func badIPv6(text: String) { #expect(IPv6Address(text) == nil) }

    @Test("the solicited-node group and its MAC carry the last 24 and 32 bits")
    func solicitedNode() throws {
        let address = try #require(IPv6Address("2001:db8::1:800:200e:8c6c"))
        #expect(address.solicitedNode.description == "ff02::1:ff0e:8c6c")
        #expect(MACAddress(multicast: address.solicitedNode).description == "33:33:ff:0e:8c:6c")
    }

    @Test("families sort apart, numbers within")
    func order() throws {
        let sorted = try ["::1", "10.0.0.2", "9.255.255.255", "::"].map { try #require(IPAddress($0)) }.sorted()
        #expect(sorted.map(\.description) == ["9.255.255.255", "10.0.0.2", "::", "::1"])
        #expect(try #require(IPAddress("255.255.255.255")).successor == nil)
        #expect(try #require(IPAddress("10.0.0.255")).successor?.description == "10.0.1.0")
    }
}

@Suite("Ranges and prefixes")
struct RangeTests {
    @Test(
        "an entry of a pool is a CIDR or a range",
        arguments: [
            ("192.168.57.200-192.168.57.254", "192.168.57.200-192.168.57.254", 55 as UInt128),
            ("192.168.57.200 - 192.168.57.200", "192.168.57.200-192.168.57.200", 1),
            ("192.168.57.7/24", "192.168.57.0-192.168.57.255", 256), ("0.0.0.0/0", "0.0.0.0-255.255.255.255", 1 << 32),
            ("fd00::5/126", "fd00::4-fd00::7", 4), ("::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .max),
            ("fd00::1-fd00::ffff", "fd00::1-fd00::ffff", 65535),
        ])
    func accepted(text: String, description: String, count: UInt128) throws {
        let range = try IPRange(parsing: text)
        #expect(range.description == description)
        #expect(range.count == count)
        #expect(range.contains(range.first) && range.contains(range.last))
    }

    @Test(
        "a refused entry says why",
        arguments: [
            ("192.168.57.0", IPRange.ParseFailure.malformed("192.168.57.0")), ("", .malformed("")),
            ("192.168.57.0/33", .badPrefixLength("33")), ("fd00::/129", .badPrefixLength("129")),
            ("10.0.0.0/", .badPrefixLength("")), ("10.0.0.0/-1", .badPrefixLength("-1")),
            ("10.0.0.0/024", .badPrefixLength("024")),
            ("x/24", .badAddress("x")), ("10.0.0.1-", .badAddress("")),
            ("10.0.0.1-10.0.0.300", .badAddress("10.0.0.300")),
            ("10.0.0.1-fd00::1", .mixedFamilies), ("10.0.0.9-10.0.0.1", .backward),
        ])
    func refused(text: String, failure: IPRange.ParseFailure) {
        #expect(throws: failure) { try IPRange(parsing: text) }
        #expect(!failure.reason.isEmpty)
    }

    @Test("ranges overlap only within a family")
    func overlap() throws {
        let a = try IPRange(parsing: "10.0.0.0/24")
        #expect(a.overlaps(try IPRange(parsing: "10.0.0.255-10.0.1.3")))
        #expect(!a.overlaps(try IPRange(parsing: "10.0.1.0/24")))
        #expect(!a.overlaps(try IPRange(parsing: "::/0")))
    }

    @Test("a prefix contains just its own addresses")
    func prefix() throws {
        let prefix = try #require(IPPrefix("192.168.57.31/24"))
        #expect(prefix.description == "192.168.57.0/24")
        #expect(prefix.last.description == "192.168.57.255")
        #expect(prefix.contains(try #require(IPAddress("192.168.57.255"))))
        #expect(!prefix.contains(try #require(IPAddress("192.168.58.0"))))
        #expect(try #require(IPPrefix("::/0")).contains(try #require(IPAddress("ffff::"))))
        #expect(IPPrefix("192.168.57.31") == nil && IPPrefix("192.168.57.31/24/5") == nil)
    }
}

@Suite("Hardware addresses")
struct MACAddressTests {
    @Test(
        "six pairs with one kind of separator",
        arguments: [
            ("02:00:00:00:00:01", 0x0200_0000_0001 as UInt64?), ("FF-FF-FF-FF-FF-FF", 0xFFFF_FFFF_FFFF),
            ("02:00:00:00:00", nil),
            ("02:00:00:00:00:01:02", nil), ("02:00-00:00:00:01", nil), ("0200.0000.0001", nil),
            ("zz:00:00:00:00:01", nil), ("", nil),
        ])
    func parse(text: String, value: UInt64?) { #expect(MACAddress(text)?.rawValue == value) }

    @Test("text form is lower case with colons, and round-trips")
    func roundTrip() throws {
        let address = MACAddress(0x02, 0xAB, 0, 1, 0xFE, 0xFF)
        #expect(address.description == "02:ab:00:01:fe:ff")
        #expect(MACAddress(address.description) == address)
        #expect(!address.isGroup && MACAddress.broadcast.isGroup)
        #expect((0..<6).map(address.octet) == [0x02, 0xAB, 0, 1, 0xFE, 0xFF])
    }
}
