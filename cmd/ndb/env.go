package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/neural-debugger/ndb/tracer/cpython"
	"github.com/neural-debugger/ndb/tracer/sandbox"
)

// environment is what `ndb env` prints.
type environment struct {
	Version    string         `json:"version"`
	OS         string         `json:"os"`
	Python     string         `json:"python"`
	Cache      string         `json:"cache"`
	ConfigFile string         `json:"config_file"`
	Settings   map[string]any `json:"settings,omitempty"`
	Variables  []string       `json:"variables,omitempty"`
	Sandbox    string         `json:"sandbox"`
	Layers     []layer        `json:"layers"`
}

type layer struct {
	Name    string `json:"name"`
	InForce bool   `json:"in_force"`
	Detail  string `json:"detail,omitempty"`
}

func newEnvCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Show what is in force, and what this machine lacks",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := readSettings()
			if err != nil {
				return err
			}
			e := environment{
				Version:    version,
				OS:         runtime.GOOS + "/" + runtime.GOARCH,
				Python:     "embedded CPython " + cpython.EmbeddedVersion,
				Cache:      cpython.CacheDir(),
				ConfigFile: settingsFile(),
				Settings:   settings,
				Sandbox:    "strict can be used",
			}
			for _, v := range os.Environ() {
				if strings.HasPrefix(v, "NDB_") {
					e.Variables = append(e.Variables, v)
				}
			}
			if err := sandbox.Available(); err != nil {
				e.Sandbox = err.Error()
			}
			for _, l := range sandbox.Layers() {
				e.Layers = append(e.Layers, layer{l.Name, l.InForce, l.Detail})
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), e)
			}
			w := &bytes.Buffer{}
			fmt.Fprintf(w, "version      ndb %s, %s\n", e.Version, e.OS)
			fmt.Fprintf(w, "interpreter  %s; another with --python PATH\n", e.Python)
			fmt.Fprintf(w, "cache        %s (NDB_CACHE)\n", e.Cache)
			fmt.Fprintf(w, "config file  %s (NDB_CONFIG)\n", cmp.Or(e.ConfigFile, "none"))
			for _, k := range slices.Sorted(maps.Keys(e.Settings)) {
				fmt.Fprintf(w, "             %s = %v\n", k, e.Settings[k])
			}
			for _, v := range e.Variables {
				fmt.Fprintf(w, "environment  %s\n", v)
			}
			fmt.Fprintf(w, "sandbox      %s\n", e.Sandbox)
			for _, l := range e.Layers {
				mark := "yes"
				if !l.InForce {
					mark = "NO "
				}
				fmt.Fprintf(w, "  %s  %-28s %s\n", mark, l.Name, l.Detail)
			}
			_, err = w.WriteTo(cmd.OutOrStdout())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}
