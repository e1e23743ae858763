"""Bubble sort: watch the list change in place."""


def bubble_sort(xs):
    for end in range(len(xs) - 1, 0, -1):
        swapped = False
        for i in range(end):
            if xs[i] > xs[i + 1]:
                xs[i], xs[i + 1] = xs[i + 1], xs[i]
                swapped = True
        if not swapped:
            break
    return xs


if __name__ == "__main__":
    print(bubble_sort([3, 1, 2]))
