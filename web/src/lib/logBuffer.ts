// The lines of a log, bounded. They are kept in blocks, so that a new line changes one block and the page draws no more than that.
import { parseAnsi, type Segment } from './ansi'

export interface LogLine {
  readonly segments: readonly Segment[]
  /** What is searched: the line without its colours. */
  readonly text: string
  /** More of the line came than is kept. */
  readonly isCut: boolean
}

export interface LogBlock {
  readonly id: number
  readonly lines: readonly LogLine[]
  readonly characters: number
}

export interface LogLimits {
  lines: number
  characters: number
  blockLines: number
  lineCharacters: number
}

export const logLimits: LogLimits = { lines: 10_000, characters: 4_000_000, blockLines: 200, lineCharacters: 4_000 }

export class LogBuffer {
  private list: LogBlock[] = []
  private rest = ''
  private isRestCut = false
  private nextId = 0
  private droppedLines = 0

  constructor(private readonly limits: LogLimits = logLimits) {}

  /** A new array after each change; blocks that did not change are the same objects. */
  get blocks(): readonly LogBlock[] {
    return this.list
  }

  /** Older lines that are no longer here. */
  get dropped(): number {
    return this.droppedLines
  }

  get lineCount(): number {
    return this.list.reduce((sum, block) => sum + block.lines.length, 0)
  }

  /** Takes a piece of the log, which need not end with a line. */
  append(piece: string): void {
    const parts = piece.split('\n')
    const last = parts.pop() ?? ''
    const lines: LogLine[] = []
    for (const part of parts) {
      this.grow(part)
      lines.push(toLine(this.rest, this.isRestCut))
      this.rest = ''
      this.isRestCut = false
    }
    this.grow(last)
    if (lines.length > 0) this.add(lines)
  }

  /** Ends a last line that has no end yet. */
  flush(): void {
    if (this.rest !== '') this.append('\n')
  }

  clear(): void {
    this.list = []
    this.rest = ''
    this.isRestCut = false
    this.droppedLines = 0
  }

  private grow(part: string): void {
    const room = this.limits.lineCharacters - this.rest.length
    this.rest += part.length > room ? part.slice(0, room) : part
    this.isRestCut ||= part.length > room
  }

  private add(lines: LogLine[]): void {
    const list = [...this.list]
    let from = 0
    const open = list.at(-1)
    if (open && open.lines.length < this.limits.blockLines) {
      from = this.limits.blockLines - open.lines.length
      list[list.length - 1] = block(open.id, [...open.lines, ...lines.slice(0, from)])
    }
    for (; from < lines.length; from += this.limits.blockLines) list.push(block(this.nextId++, lines.slice(from, from + this.limits.blockLines)))

    let count = list.reduce((sum, each) => sum + each.lines.length, 0)
    let characters = list.reduce((sum, each) => sum + each.characters, 0)
    while (list.length > 1 && (count > this.limits.lines || characters > this.limits.characters)) {
      const oldest = list.shift()!
      count -= oldest.lines.length
      characters -= oldest.characters
      this.droppedLines += oldest.lines.length
    }
    this.list = list
  }
}

function block(id: number, lines: LogLine[]): LogBlock {
  return { id, lines, characters: lines.reduce((sum, line) => sum + line.text.length, 0) }
}

function toLine(raw: string, isCut: boolean): LogLine {
  const ended = raw.endsWith('\r') ? raw.slice(0, -1) : raw
  // A carriage return begins the line anew, as progress bars do.
  const segments = parseAnsi(ended.slice(ended.lastIndexOf('\r') + 1))
  return { segments, text: segments.map((segment) => segment.text).join(''), isCut }
}
