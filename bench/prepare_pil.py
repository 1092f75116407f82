"""The peer of bench/prepare.ts: the same preprocessing in Python's PIL, in one or several processes.

Usage: prepare_pil.py IMAGE_SIZE PROCESSES < list of files, one per line. Prints the seconds taken by
all images, and the processor seconds of one of them.
"""
import multiprocessing
import resource
import sys
import time

from PIL import Image, ImageOps

SIZE = int(sys.argv[1])
PROCESSES = int(sys.argv[2])


def prepare(path):
    image = Image.open(path).convert("L")
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.crop((left, top, left + side, top + side)).resize((SIZE, SIZE), Image.BICUBIC)
    return ImageOps.equalize(image).tobytes()


if __name__ == "__main__":
    paths = sys.stdin.read().split("\n")[:-1]
    with multiprocessing.Pool(PROCESSES) as pool:
        pool.map(prepare, paths[:PROCESSES])
        start = time.perf_counter()
        pool.map(prepare, paths, chunksize=1)
        seconds = time.perf_counter() - start
        pool.close()
        pool.join()
    # That of children that have ended, the first images included.
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(seconds, (usage.ru_utime + usage.ru_stime) / (len(paths) + len(paths[:PROCESSES])))
