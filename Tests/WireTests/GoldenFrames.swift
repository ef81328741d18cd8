/// Frames as Linux 6.x sends them, field by field.
enum GoldenFrames {
    /// 192.168.57.30 asks for 192.168.57.200.
    static let arpRequest = bytes(
        """
        ff ff ff ff ff ff  02 00 00 00 00 1e  08 06
        00 01  08 00  06 04  00 01
        02 00 00 00 00 1e  c0 a8 39 1e
        00 00 00 00 00 00  c0 a8 39 c8
        """)

    /// The answer, from 02:00:00:00:00:1f.
    static let arpReply = bytes(
        """
        02 00 00 00 00 1e  02 00 00 00 00 1f  08 06
        00 01  08 00  06 04  00 02
        02 00 00 00 00 1f  c0 a8 39 c8
        02 00 00 00 00 1e  c0 a8 39 1e
        """)

    /// fe80::1 asks all of ff02::1:ff00:c8 for fd57::c8, with its link-layer address.
    static let solicitation = bytes(
        """
        33 33 ff 00 00 c8  02 00 00 00 00 1e  86 dd
        60 00 00 00  00 20  3a  ff
        fe 80 00 00 00 00 00 00  00 00 00 00 00 00 00 01
        ff 02 00 00 00 00 00 00  00 00 00 01 ff 00 00 c8
        87 00 7a 17  00 00 00 00
        fd 57 00 00 00 00 00 00  00 00 00 00 00 00 00 c8
        01 01 02 00 00 00 00 1e
        """)

    /// The answer: Solicited and Override set, target link-layer option.
    static let advertisement = bytes(
        """
        02 00 00 00 00 1e  02 00 00 00 00 1f  86 dd
        60 00 00 00  00 20  3a  ff
        fd 57 00 00 00 00 00 00  00 00 00 00 00 00 00 c8
        fe 80 00 00 00 00 00 00  00 00 00 00 00 00 00 01
        88 00 18 c3  60 00 00 00
        fd 57 00 00 00 00 00 00  00 00 00 00 00 00 00 c8
        02 01 02 00 00 00 00 1f
        """)
}
