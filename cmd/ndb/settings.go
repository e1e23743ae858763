package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settingsFile returns the path of the user's config file, or "".
func settingsFile() string {
	if f := os.Getenv("NDB_CONFIG"); f != "" {
		return f
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "ndb", "config.toml")
}

// readSettings reads the config file: flags by name. A missing file is an empty one.
func readSettings() (map[string]any, error) {
	name := settingsFile()
	if name == "" {
		return nil, nil
	}
	settings := map[string]any{}
	if _, err := toml.DecodeFile(name, &settings); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("config file %s: %w", name, err)
	}
	return settings, nil
}

// envName returns the environment variable that stands for a flag.
func envName(flag string) string {
	return "NDB_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// applySettings sets the flags that the command line does not, from the environment and
// then from the config file.
func applySettings(flags *pflag.FlagSet) error {
	settings, err := readSettings()
	if err != nil {
		return err
	}
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		if v := os.Getenv(envName(f.Name)); v != "" {
			if err := flags.Set(f.Name, v); err != nil {
				errs = append(errs, fmt.Errorf("environment variable %s: %w", envName(f.Name), err))
			}
		} else if v, ok := settings[f.Name]; ok {
			for _, item := range items(v) {
				if err := flags.Set(f.Name, fmt.Sprint(item)); err != nil {
					errs = append(errs, fmt.Errorf("config file %s: %s: %w", settingsFile(), f.Name, err))
				}
			}
		}
	})
	return errors.Join(errs...)
}

// items returns the values of a setting, which may be a list of them.
func items(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// checkSettings refuses a config file with a name that is no flag of any command.
func checkSettings(root *cobra.Command) error {
	settings, err := readSettings()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !known[name] {
			return fmt.Errorf("config file %s: no command has a flag --%s", settingsFile(), name)
		}
	}
	return nil
}
