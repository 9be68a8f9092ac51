// Command tlogcheck verifies an exported tiles folder with software that is not ours: golang.org/x/mod/sumdb.
//
// It opens the checkpoint, hashes every entry of every bundle, recomputes the root from the entries alone, compares every
// tile file byte for byte, authenticates the tiles as a client would, and checks the proofs it is given. It prints one line
// and exits with 0, or says what is wrong and exits with 1.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	dir := flag.String("tiles", "", "exported `folder`")
	key := flag.String("key", "", "`file` with the vkey of the log")
	old := flag.String("old", "", "older checkpoint of the log; a proof that the log only grew is made from its tiles and checked")
	consistency := flag.String("consistency", "", "with -old: check this `file` of base64 hashes too")
	proof := flag.String("proof", "", "`file` with a tlog-proof to check")
	record := flag.String("record", "", "`file` with the record that -proof is about")
	flag.Parse()

	summary, err := run(*dir, *key, *old, *consistency, *proof, *record)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tlogcheck:", err)
		os.Exit(1)
	}
	fmt.Println(summary)
}

func run(dir, keyFile, old, consistency, proof, record string) (string, error) {
	vkey, err := os.ReadFile(keyFile)
	if err != nil {
		return "", err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(filepath.Join(dir, "checkpoint"), verifier)
	if err != nil {
		return "", err
	}
	stored, err := hashEntries(dir, tree)
	if err != nil {
		return "", err
	}
	tiles, err := compareTiles(dir, tree, stored)
	if err != nil {
		return "", err
	}
	if err := authenticate(dir, tree, stored); err != nil {
		return "", err
	}
	if old != "" {
		if err := checkConsistency(dir, tree, verifier, old, consistency); err != nil {
			return "", err
		}
	}
	if proof != "" {
		if err := checkProof(proof, record, verifier); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("ok: %d entries, %d tiles, root %s", tree.N, tiles, tree.Hash), nil
}
