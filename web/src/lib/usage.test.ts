import { describe, expect, it } from 'vitest'
import type { ProgramStatus } from '../api/types'
import { UsageHistory } from './usage'

const program = (cpu_seconds: number | undefined, pid: number | undefined = 7): ProgramStatus => ({ name: 'web', pid, cpu_seconds, memory_bytes: 1_000 }) as ProgramStatus

describe('UsageHistory', () => {
  it('computes the share of a core from two measurements', () => {
    const usage = new UsageHistory()
    usage.add(0, [program(10)])
    usage.add(2_000, [program(11)])
    expect(usage.of('web').map((sample) => sample.cpuPercent)).toEqual([null, 50])
  })

  it('compares nothing with a process that is another one now', () => {
    const usage = new UsageHistory()
    usage.add(0, [program(100)])
    usage.add(2_000, [program(1, 8)])
    expect(usage.of('web').at(-1)?.cpuPercent).toBeNull()
  })

  it('does not measure over too short a time', () => {
    const usage = new UsageHistory()
    usage.add(0, [program(10)])
    usage.add(100, [program(10.1)])
    usage.add(2_000, [program(10.5)])
    expect(usage.of('web').map((sample) => sample.cpuPercent)).toEqual([null, 25])
  })

  it('forgets programs that are gone, and old measurements', () => {
    const usage = new UsageHistory()
    for (let step = 0; step < 200; step++) usage.add(step * 2_000, [program(step)])
    expect(usage.of('web')).toHaveLength(60)
    usage.add(500_000, [])
    expect(usage.of('web')).toEqual([])
  })

  it('goes on after the clock was set back', () => {
    const usage = new UsageHistory()
    usage.add(10_000, [program(1)])
    usage.add(5_000, [program(2)])
    usage.add(7_000, [program(3)])
    expect(usage.of('web').map((sample) => sample.cpuPercent)).toEqual([null, null, 50])
  })
})
