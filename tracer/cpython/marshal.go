package cpython

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
)

// marshalValue appends a value in marshal format version 2: nil, bool, int, string,
// []byte, []string, []int or a map of them.
func marshalValue(out []byte, v any) []byte {
	sized := func(code byte, n int) {
		out = append(out, code)
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	switch v := v.(type) {
	case nil:
		out = append(out, mNone)
	case bool:
		if v {
			out = append(out, mTrue)
		} else {
			out = append(out, mFals)
		}
	case int:
		if v > math.MaxInt32 || v < math.MinInt32 {
			n := uint64(v)
			var digits []byte
			for ; n > 0; n >>= 15 {
				digits = binary.LittleEndian.AppendUint16(digits, uint16(n&0x7fff))
			}
			sized(mLong, len(digits)/2)
			return append(out, digits...)
		}
		sized(mInt, v)
	case string:
		sized(mUnic, len(v))
		out = append(out, v...)
	case []byte:
		sized(mByts, len(v))
		out = append(out, v...)
	case []string:
		sized(mList, len(v))
		for _, s := range v {
			out = marshalValue(out, s)
		}
	case []any:
		sized(mList, len(v))
		for _, x := range v {
			out = marshalValue(out, x)
		}
	case []int:
		sized(mList, len(v))
		for _, n := range v {
			out = marshalValue(out, n)
		}
	case map[string]any:
		out = append(out, mDict)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = marshalValue(out, k)
			out = marshalValue(out, v[k])
		}
		out = append(out, mNull)
	default:
		panic(fmt.Sprintf("marshal of %T", v))
	}
	return out
}
