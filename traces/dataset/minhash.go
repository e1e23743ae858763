package dataset

import (
	"math"
	"slices"
)

// Near duplicates are found by MinHash over the 5-grams of tokens, in 14 bands of 8
// hashes: two programs whose sets of 5-grams have the Jaccard similarity s share a band with
// the probability 1-(1-s^8)^14, that is 0.92 at 0.8 and 0.06 at 0.5. The constants are those
// of datatrove (github.com/huggingface/datatrove, pipeline/dedup/minhash.py).
const (
	gramTokens = 5
	bands      = 14
	bandHashes = 8
	signed     = bands * bandHashes
)

// A signature holds, for each of the hash functions, the smallest value over the 5-grams.
type signature [signed]uint32

// A minHasher makes signatures; it holds the hash functions' constants and room to work in.
type minHasher struct {
	mul, add [signed]uint64
	tokens   []uint64
}

func newMinHasher() *minHasher {
	h := &minHasher{}
	seed := uint64(1)
	for i := range signed {
		h.mul[i], h.add[i] = splitmix(&seed)|1, splitmix(&seed)
	}
	return h
}

// splitmix is the SplitMix64 generator (Steele, Lea, Flood 2014).
func splitmix(x *uint64) uint64 {
	*x += 0x9e3779b97f4a7c15
	z := *x
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// sign returns the signature of a text and its number of tokens.
func (h *minHasher) sign(text string) (sig signature, tokens int) {
	for i := range sig {
		sig[i] = math.MaxUint32
	}
	h.tokens = appendTokens(h.tokens[:0], text)
	for i := range max(1, len(h.tokens)-gramTokens+1) {
		gram := uint64(0)
		for _, t := range h.tokens[i:min(i+gramTokens, len(h.tokens))] {
			gram = gram*0x100000001b3 + t
		}
		gram = splitmix(&gram)
		for j := range sig {
			if v := uint32((gram*h.mul[j] + h.add[j]) >> 32); v < sig[j] {
				sig[j] = v
			}
		}
	}
	return sig, len(h.tokens)
}

// appendTokens adds the hash of each word and of each other visible byte of text.
func appendTokens(to []uint64, text string) []uint64 {
	const offset, prime = 0xcbf29ce484222325, 0x100000001b3 // FNV-1a
	word := uint64(offset)
	for i := range len(text) {
		c := text[i]
		if c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 {
			word = (word ^ uint64(c)) * prime
			continue
		}
		if word != offset {
			to = append(to, word)
			word = offset
		}
		if c > ' ' {
			to = append(to, (offset^uint64(c))*prime)
		}
	}
	if word != offset {
		to = append(to, word)
	}
	return to
}

// bandKeys returns the hash of each band.
func (s *signature) bandKeys() (keys [bands]uint64) {
	for b := range keys {
		key := uint64(b)
		for _, v := range s[b*bandHashes : (b+1)*bandHashes] {
			key = (key ^ uint64(v)) * 0x9e3779b97f4a7c15
			key ^= key >> 29
		}
		keys[b] = key
	}
	return keys
}

// similarity estimates the Jaccard similarity of the two texts' 5-grams.
func (s *signature) similarity(t *signature) float64 {
	same := 0
	for i := range s {
		if s[i] == t[i] {
			same++
		}
	}
	return float64(same) / signed
}

// cluster joins programs that share a band and returns, for each, the first program of
// its cluster. keys holds the bands of program 0, then those of program 1, and so on.
func cluster(keys []uint64) []int32 {
	n := len(keys) / bands
	root := make([]int32, n)
	for i := range root {
		root[i] = int32(i)
	}
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	order := make([]int32, n)
	for b := range bands {
		for i := range order {
			order[i] = int32(i)
		}
		key := func(i int32) uint64 { return keys[int(i)*bands+b] }
		slices.SortStableFunc(order, func(x, y int32) int {
			switch kx, ky := key(x), key(y); {
			case kx < ky:
				return -1
			case kx > ky:
				return 1
			}
			return 0
		})
		for i := 1; i < n; i++ {
			if key(order[i-1]) != key(order[i]) {
				continue
			}
			if x, y := find(order[i-1]), find(order[i]); x < y { // the first program is the root
				root[y] = x
			} else {
				root[x] = y
			}
		}
	}
	for i := range root {
		root[i] = find(int32(i))
	}
	return root
}
