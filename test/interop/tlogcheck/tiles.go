package main

// Entries, tiles and the tree over them (C2SP tlog-tiles).

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// hashes holds every hash of the tree in the order of x/mod; it is made from the entries and from nothing else.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		out[i] = h[index]
	}
	return out, nil
}

func hashEntries(dir string, tree tlog.Tree) (hashes, error) {
	var stored hashes
	for n, next := int64(0), int64(0); next < tree.N; n++ {
		w := min(width, tree.N-next)
		name := pathOf("entries", n, int(w))
		bundle, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		count := int64(0)
		for ; len(bundle) > 0; count++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s ends inside entry %d", name, count)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			more, err := tlog.StoredHashes(next+count, bundle[2:end], stored)
			if err != nil {
				return nil, err
			}
			stored = append(stored, more...)
			bundle = bundle[end:]
		}
		if count != w {
			return nil, fmt.Errorf("%s holds %d entries, not %d", name, count, w)
		}
		next += w
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, fmt.Errorf("the entries give root %s, the checkpoint signs %s", root, tree.Hash)
	}
	return stored, nil
}

// compareTiles looks at each tile that the tree must have, and that no other file lies there.
func compareTiles(dir string, tree tlog.Tree, stored hashes) (int, error) {
	expected := map[string]bool{}
	for level, count := 0, tree.N; count > 0; level, count = level+1, count>>height {
		for n := int64(0); n*width < count; n++ {
			w := int(min(width, count-n*width))
			name := pathOf(strconv.Itoa(level), n, w)
			expected[name] = true
			got, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return 0, err
			}
			want, err := tlog.ReadTileData(tlog.Tile{H: height, L: level, N: n, W: w}, stored)
			if err != nil {
				return 0, err
			}
			if !bytes.Equal(got, want) {
				return 0, fmt.Errorf("%s is not what the entries give", name)
			}
		}
	}
	// Narrower tiles of earlier checkpoints may lie there too; what is no tile at all may not.
	return len(expected), filepath.WalkDir(filepath.Join(dir, "tile"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil && !strings.Contains(name, ".p/") && !strings.HasPrefix(name, "tile/entries/") && !expected[name] {
			return fmt.Errorf("%s is no tile of this tree", name)
		}
		return err
	})
}

// files reads tiles as x/mod asks for them.
type files struct{ dir string }

func (files) Height() int                     { return height }
func (files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f files) ReadTiles(t []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(t))
	for i, tile := range t {
		data, err := os.ReadFile(filepath.Join(f.dir, pathOf(strconv.Itoa(tile.L), tile.N, tile.W)))
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}

// authenticate reads every leaf hash through TileHashReader, which believes a tile only when it leads to the signed root.
func authenticate(dir string, tree tlog.Tree, stored hashes) error {
	reader := tlog.TileHashReader(tree, files{dir})
	for first := int64(0); first < tree.N; first += width {
		var indexes []int64
		for leaf := first; leaf < min(first+width, tree.N); leaf++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, leaf))
		}
		got, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, index := range indexes {
			if got[i] != stored[index] {
				return fmt.Errorf("the tiles give another hash for entry %d", first+int64(i))
			}
		}
	}
	return nil
}

// pathOf names a tile as C2SP tlog-tiles does: groups of three digits, all but the last after an x.
func pathOf(level string, n int64, w int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if w < width {
		path = fmt.Sprintf("%s.p/%d", path, w)
	}
	return "tile/" + level + "/" + path
}
