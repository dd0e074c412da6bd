"""As much of the Redis client for Python as the scripts of the tests need, where that is not installed."""
import socket
from urllib.parse import urlparse


class Redis:
    def __init__(self, host, port, decode_responses):
        self._decode = decode_responses
        self._stream = socket.create_connection((host, port)).makefile("rwb")

    @classmethod
    def from_url(cls, url, decode_responses=False):
        address = urlparse(url)
        return cls(address.hostname, address.port or 6379, decode_responses)

    def lpush(self, key, *values):
        return self._call("LPUSH", key, *values)

    def brpop(self, key, timeout=0):
        return self._call("BRPOP", key, timeout)

    def get(self, key):
        return self._call("GET", key)

    def set(self, key, value, ex=None):
        return self._call("SET", key, value, *(("EX", ex) if ex else ()))

    def hgetall(self, key):
        items = self._call("HGETALL", key)
        return dict(zip(items[::2], items[1::2]))

    def _call(self, *words):
        request = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            request.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self._stream.write(b"".join(request))
        self._stream.flush()
        return self._reply()

    def _reply(self):
        line = self._stream.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return self._text(rest)
        size = int(rest)
        if size < 0:
            return None
        if kind == b"*":
            return [self._reply() for _ in range(size)]
        return self._text(self._stream.read(size + 2)[:-2])

    def _text(self, data):
        return data.decode() if self._decode else data
