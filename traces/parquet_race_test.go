//go:build race

package traces

const underRace = true
