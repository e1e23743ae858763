import threading

log = []


def work(k, n):
    mine = []
    for i in range(n):
        mine.append(i * k)
        log.append(k)
        del mine[:-2], log[:-2]
    return mine


def main():
    for k in range(3):
        t = threading.Thread(target=work, args=(k, 60))
        t.start()
        t.join()
        seen = list(log)
        del t
    return seen


main()
