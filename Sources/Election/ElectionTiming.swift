public import MonotonicTime

/// The constants of ownership on a link (`docs/failover.md` has the reasons).
public struct ElectionTiming: Sendable, Hashable {
    /// The k-th candidate takes a vacant address after k times this long.
    public var rankDelay: Interval = .milliseconds(500)
    /// The longest rank delay; also the wait of a speaker that nobody seems to hear.
    public var rankDelayLimit: Interval = .seconds(3)
    /// A helper whose claims are not heard for this long is not waited for: two of its lists in a row may be lost.
    public var heldPatience: Interval = .milliseconds(2500)
    /// A full list of claims is sent this often.
    public var claimsPeriod: Interval = .seconds(1)
    /// And at these times after a change. Dense at first: with 20 % loss, two of these lost in a row must not leave two
    /// announcers until the next period.
    public var claimsRepeats: [Interval] = [
        .zero, .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(1100), .milliseconds(2200),
        .milliseconds(4400),
    ]
    /// Lists that are sent because of a peer's frames are at least this far apart.
    public var claimsSpacing: Interval = .milliseconds(100)
    /// Those that a joining peer is sent, for each part: 500 frames a second.
    public var partSpacing: Interval = .milliseconds(2)
    /// Announcements that answer a lower claim are at least this far apart.
    public var reannounceSpacing: Interval = .milliseconds(200)
    /// A lower claim of a peer that can hear neither this speaker nor anybody who repeats its claims is yielded to after
    /// this long: the peer will never yield.
    public var unheardPatience: Interval = .milliseconds(400)
    /// An owner that has not given way to a higher claim after this long may not hear whose it is: it is repeated.
    public var outvotedPatience: Interval = .milliseconds(400)
    /// A claim that the own view forbids is refused after it was heard for this long, and again after as long.
    public var refuseAfter: Interval = .milliseconds(900)
    /// Addresses that are refused in one second, at most: some 32 frames.
    public var refusalLimit = 960
    /// The API is read again because of refusals at most so often for one address,
    public var rereadSpacing: Interval = .seconds(3)
    /// and for so many addresses in one second.
    public var rereadLimit = 32
    /// An offer is repeated this often until it is taken.
    public var offerRepeat: Interval = .milliseconds(200)
    /// An offer that nobody takes is given up after this long when the owner may not keep the address.
    public var offerPatience: Interval = .seconds(2)
    /// An address first claimed without a known predecessor may be offered to a better node for this long.
    public var settling: Interval = .seconds(30)
    /// A peer of higher weight must have been ready for this long before it is offered an address.
    public var preferredReady: Interval = .seconds(60)
    /// And the owner must have held the address for this long.
    public var preferredHeld: Interval = .seconds(30)
    /// Addresses that only peers know are remembered up to this number: what a peer claims is bounded, whoever it is.
    public var strangerLimit = 16_384
    /// A list of more parts than this is not waited for.
    public var partLimit: UInt16 = 2048
    /// Senders of forbidden claims that are remembered for one address.
    public var mismatchLimit = 16

    public init() {}
}
