import array
import pickle
import pprint
import uuid


class Account:
    def __init__(self, owner, balance):
        self.owner, self.balance = owner, balance
        self.log = []

    def __getstate__(self):
        state = self.__dict__.copy()
        del state['log']
        return state

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.log = ['restored']


a = Account('ann', 5)
b = pickle.loads(pickle.dumps([a, a]))
shared = b[0] is b[1]
numbers = array.array('i', [1, 2, 3])
numbers.extend([4])
same = array.array('i', numbers.tobytes()) == numbers
ident = uuid.uuid5(uuid.NAMESPACE_DNS, 'example.org')
nested = {'k%d' % i: list(range(i)) for i in range(4)}
text = pprint.pformat(nested, width=20)
try:
    pickle.loads(b'garbage')
except Exception as e:
    failed = type(e).__name__
print(b[0].owner, b[0].log, shared, numbers, same, ident.version, text, failed)
