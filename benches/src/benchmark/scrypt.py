"""Measures passwords per second of OpenSSL's scrypt: `scrypt.py THREADS SECONDS`."""
import hashlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

threads, seconds = int(sys.argv[1]), float(sys.argv[2])
started = time.monotonic()


def hash_until_the_end(_):
    hashes = 0
    while time.monotonic() - started < seconds:
        # releases the interpreter's lock
        hashlib.scrypt(b"Bench-pass-1", salt=b"UW1WdVkyaENaVzVqYUVKbGJtTm9JUT09", n=16384, r=8, p=1, maxmem=64 << 20, dklen=128)
        hashes += 1
    return hashes / (time.monotonic() - started)


with ThreadPoolExecutor(threads) as pool:
    print(sum(pool.map(hash_until_the_end, range(threads))))
