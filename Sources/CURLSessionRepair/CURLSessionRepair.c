#include "CURLSessionRepair.h"

#include <curl/curl.h>
#include <string.h>

bool __wrap_CFURLSessionCurlHostIsEqual(const char *url, const char *expected) {
  CURLU *parts = curl_url();
  if (parts == NULL) return false;
  bool isEqual = false;
  char *host = NULL;
  if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK && curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
    const char *name = host;
    size_t length = strlen(host);
    if (length >= 2 && name[0] == '[' && name[length - 1] == ']') {
      name += 1;
      length -= 2;
    }
    isEqual = length == strlen(expected) && memcmp(name, expected, length) == 0;
    curl_free(host);
  }
  curl_url_cleanup(parts);
  return isEqual;
}
