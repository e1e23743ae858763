import io
import unittest


class Stack:
    def __init__(self):
        self.items = []

    def pop(self):
        return self.items.pop()


class TestStack(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()

    def test_empty(self):
        with self.assertRaises(IndexError):
            self.stack.pop()

    def test_wrong(self):
        self.assertEqual(self.stack.items, [1])

    @unittest.skip('later')
    def test_skipped(self):
        pass

    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertLess(i, 2)


suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestStack)
result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
print(result.testsRun, len(result.failures), len(result.skipped))
