/** A piece of a line in one look. `look` is a list of CSS classes of our own, never anything that the program wrote. */
export interface Segment {
  text: string
  look: string
}

const escape = '\u001b'
/** CSI sequences, OSC sequences (titles, links), and the other escapes of two characters. */
 
const sequences = /\u001b\[([0-9;:]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-_]|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g

interface Style {
  colour: string
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
}

const plain: Style = { colour: '', bold: false, dim: false, italic: false, underline: false }
const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/** Splits a line by its colour codes, which are shown as colours; all other control sequences are left out. */
export function parseAnsi(line: string): Segment[] {
  if (!line.includes(escape)) {
     
    return [{ text: line.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ''), look: '' }]
  }
  const segments: Segment[] = []
  let style = plain
  let from = 0
  for (const match of line.matchAll(sequences)) {
    push(line.slice(from, match.index))
    from = match.index + match[0].length
    if (match[2] === 'm') style = apply(style, match[1] ?? '')
  }
  push(line.slice(from))
  return segments.length > 0 ? segments : [{ text: '', look: '' }]

  function push(text: string): void {
    if (text === '') return
    const look = lookOf(style)
    const last = segments.at(-1)
    if (last?.look === look) last.text += text
    else segments.push({ text, look })
  }
}

function lookOf(style: Style): string {
  return [style.colour && `ansi-${style.colour}`, style.bold && 'ansi-bold', style.dim && 'ansi-dim', style.italic && 'ansi-italic', style.underline && 'ansi-underline'].filter(Boolean).join(' ')
}

function apply(style: Style, parameters: string): Style {
  const codes = parameters === '' ? [0] : parameters.split(/[;:]/).map(Number)
  let next = { ...style }
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0
    if (code === 0) next = { ...plain }
    else if (code === 1) next.bold = true
    else if (code === 2) next.dim = true
    else if (code === 3) next.italic = true
    else if (code === 4) next.underline = true
    else if (code === 22) next.bold = next.dim = false
    else if (code === 23) next.italic = false
    else if (code === 24) next.underline = false
    else if (code >= 30 && code <= 37) next.colour = names[code - 30] ?? ''
    else if (code >= 90 && code <= 97) next.colour = names[code - 90] ?? ''
    else if (code === 39) next.colour = ''
    else if (code === 38 || code === 48) {
      // 256 colours and true colour: the first sixteen have names, the others stay as they are.
      const isIndexed = codes[index + 1] === 5
      const number = codes[index + 2] ?? -1
      if (code === 38 && isIndexed && number >= 0 && number < 16) next.colour = names[number % 8] ?? ''
      index += isIndexed ? 2 : 4
    }
  }
  return next
}
