import Foundation
import SpeakerDaemon

exit(await SpeakerCommand.start())
