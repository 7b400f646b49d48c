export interface Spark {
  line: string
  area: string
}

/**
 * The path of a small chart, oldest value first. Null is a gap that is drawn as zero: a process that was not there used nothing.
 * @param slots How many values the whole width stands for; fewer begin further to the right.
 * @param ceiling What the top stands for at least, so that noise around zero does not look like a mountain.
 */
export function sparkline(values: readonly (number | null)[], slots: number, width: number, height: number, ceiling: number): Spark {
  if (values.length === 0) return { line: '', area: '' }
  const top = Math.max(ceiling, ...values.map((value) => value ?? 0))
  const step = width / Math.max(1, slots - 1)
  const left = width - (values.length - 1) * step
  const points = values.map((value, index) => `${round(left + index * step)},${round(height - 1 - ((value ?? 0) / top) * (height - 2))}`)
  const line = `M${points.join('L')}`
  return { line, area: `${line}L${round(width)},${height}L${round(left)},${height}Z` }
}

const round = (value: number): number => Math.round(value * 10) / 10
