#! python 10
# Newer syntax.
#: walk: 4 next; next*3
#: match: go*3
def kind(v):                                                         #> call kind v=[3, 4] | call kind v={'k': 1, 'l': 2} | call kind v=0
    match v:                                                         #> - | - | -
        case 0:                                                      #> - | - | -
            return 'zero'                                            #> return 'zero'  #@ match: break | match 3: hit
        case [x, *_] if (y := x * 2) > 2:                            #> x=3; y=6 | -
            return f'{x=} {y}'                                       #> return 'x=3 6'  #@ match: break | match 1: x=3; y=6; hit
        case {'k': k, **rest}:                                       #> k=1; rest={'l': 2}
            return k, rest                                           #> return (1, {'l': 2})  #@ match: break | match 2: k=1; rest={'l': 2}; hit
    return None


def annotated(x: int, /, y: 'str' = 'b', *, z: float = 1.5) -> str:  #> call annotated x=1 y='b' z=2
    return f'{x} {y} {z:.2f}'                                        #> return '1 b 2.00'


a = kind([3, 4])                                                     #> a='x=3 6'
b = kind({'k': 1, 'l': 2})                                           #> b=(1, {'l': 2})  #@ walk 1: a='x=3 6'
c = kind(0)                                                          #> c='zero'  #@ walk 2: b=(1, {'l': 2})
d = annotated(1, z=2)                                                #> return None  #@ walk 3: c='zero'
#@ walk 4: exit_normal
