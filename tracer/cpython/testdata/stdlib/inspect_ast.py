import ast
import dis
import inspect


def add(a, b=1, *rest, key=None):
    """Adds."""
    return a + b


signature = inspect.signature(add)
kinds = [p.kind.name for p in signature.parameters.values()]
bound = signature.bind(1, 2, 3, key=4)
doc = inspect.getdoc(add)


class Swap(ast.NodeTransformer):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Add):
            node.op = ast.Mult()
        return node


tree = Swap().visit(ast.parse('x = 2 + 3 + 4'))
ns = {}
exec(compile(ast.fix_missing_locations(tree), '<swapped>', 'exec'), ns)
value = ast.literal_eval("{'a': [1, (2,)]}")
calls = [n.func.id for n in ast.walk(ast.parse('f(g(1))')) if isinstance(n, ast.Call)]
ops = any(i.opname.startswith('RETURN') for i in dis.get_instructions(add))
print(kinds, bound.arguments['rest'], doc, ns['x'], value, calls, ops)
