import Crypto
import Hummingbird
import HummingbirdHTTP2
import HummingbirdTLS
import X509
