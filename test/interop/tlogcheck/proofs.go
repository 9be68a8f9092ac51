package main

// Checkpoints and proofs (C2SP tlog-checkpoint, tlog-proof; RFC 6962 sections 2.1.1 and 2.1.2).

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func openCheckpoint(file string, verifier note.Verifier) (tlog.Tree, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return tlog.Tree{}, err
	}
	return parseCheckpoint(text, verifier)
}

// parseCheckpoint believes a checkpoint that the key has signed under its own name (C2SP tlog-checkpoint).
func parseCheckpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("checkpoint: not three lines that begin with %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return tlog.Tree{}, errors.New("checkpoint: no size")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

func checkConsistency(dir string, tree tlog.Tree, verifier note.Verifier, old, given string) error {
	before, err := openCheckpoint(old, verifier)
	if err != nil {
		return err
	}
	made, err := tlog.ProveTree(tree.N, before.N, tlog.TileHashReader(tree, files{dir}))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(made, tree.N, tree.Hash, before.N, before.Hash); err != nil {
		return fmt.Errorf("from size %d: %w", before.N, err)
	}
	if given == "" {
		return nil
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return err
	}
	proof, err := parseHashes(string(text))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
		return fmt.Errorf("the given proof from size %d: %w", before.N, err)
	}
	return nil
}

// checkProof reads a C2SP tlog-proof and checks that the record stands under its checkpoint.
func checkProof(file, recordFile string, verifier note.Verifier) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	header, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.SplitN(header, "\n", 3)
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	rest := ""
	if len(lines) == 3 {
		rest = lines[2]
	}
	path, err := parseHashes(rest)
	if err != nil {
		return err
	}
	tree, err := parseCheckpoint([]byte(checkpoint), verifier)
	if err != nil {
		return err
	}
	record, err := os.ReadFile(recordFile)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash(bytes.TrimSuffix(record, []byte("\n")))
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, leaf); err != nil {
		return fmt.Errorf("tlog-proof: %w", err)
	}
	return nil
}

func parseHashes(text string) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, line := range strings.Fields(text) {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, errors.New("not 32 bytes of base64")
		}
		out = append(out, tlog.Hash(raw))
	}
	return out, nil
}
