package scenarios

import (
	"encoding/binary"
	"hash/fnv"

	"github.com/cometbench/cometbench/scenarios/measure"
)

// cellSeed is the seed of what is left to chance in one cell. It follows from
// the run's own and the cell's labels, so that cells draw apart from each other
// and a run that is repeated, resumed or cut into shards draws as before.
func cellSeed(run int64, labels measure.Labels) int64 {
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(run))) // never fails
	_, _ = h.Write([]byte(labels.ID()))
	return int64(h.Sum64())
}
