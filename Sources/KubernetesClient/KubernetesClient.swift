import AsyncHTTPClient
import Logging
import Metrics
import NIOSSL
import Yams
