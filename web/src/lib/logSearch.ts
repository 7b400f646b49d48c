import type { Segment } from './ansi'
import type { LogBlock } from './logBuffer'

export interface Match {
  blockId: number
  line: number
  from: number
  to: number
}

export interface Piece {
  text: string
  look: string
  /** 'mark': found; 'now': the one that the person is at. */
  mark: '' | 'mark' | 'now'
}

const matchesMax = 5_000
const found = new WeakMap<LogBlock, { query: string; matches: Match[] }>()

/** Every place, without regard to case, oldest first, up to a limit. What did not change is not searched again. */
export function findMatches(blocks: readonly LogBlock[], query: string): Match[] {
  if (query === '') return []
  const wanted = query.toLowerCase()
  const all: Match[] = []
  for (const block of blocks) {
    let known = found.get(block)
    if (known?.query !== wanted) {
      known = { query: wanted, matches: searchBlock(block, wanted) }
      found.set(block, known)
    }
    all.push(...known.matches)
    if (all.length >= matchesMax) return all.slice(0, matchesMax)
  }
  return all
}

function searchBlock(block: LogBlock, wanted: string): Match[] {
  const matches: Match[] = []
  block.lines.forEach((line, index) => {
    const text = line.text.toLowerCase()
    // A letter whose small form is longer would shift every place behind it: such a line is searched as it is written.
    const searched = text.length === line.text.length ? text : line.text
    for (let from = searched.indexOf(wanted); from >= 0; from = searched.indexOf(wanted, from + wanted.length)) matches.push({ blockId: block.id, line: index, from, to: from + wanted.length })
  })
  return matches
}

/** A line cut at its colours and at what was found in it. */
export function piecesOf(segments: readonly Segment[], ranges: readonly { from: number; to: number; isNow: boolean }[]): Piece[] {
  if (ranges.length === 0) return segments.map((segment) => ({ ...segment, mark: '' as const }))
  const pieces: Piece[] = []
  let start = 0
  for (const segment of segments) {
    const end = start + segment.text.length
    let at = start
    for (const range of ranges) {
      const from = Math.max(range.from, at)
      const to = Math.min(range.to, end)
      if (from >= to) continue
      if (from > at) pieces.push({ text: segment.text.slice(at - start, from - start), look: segment.look, mark: '' })
      pieces.push({ text: segment.text.slice(from - start, to - start), look: segment.look, mark: range.isNow ? 'now' : 'mark' })
      at = to
    }
    if (at < end) pieces.push({ text: segment.text.slice(at - start), look: segment.look, mark: '' })
    start = end
  }
  return pieces
}
