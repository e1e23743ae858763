"""A linked list that two names share: a change through one is seen through the other."""


class Node:
    def __init__(self, value, rest=None):
        self.value = value
        self.rest = rest


def reverse(node):
    done = None
    while node is not None:
        rest = node.rest
        node.rest = done
        done, node = node, rest
    return done


first = Node("a", Node("b", Node("c")))
same = first
last = reverse(first)
same.value = "A"
print(last.rest.rest.value)
