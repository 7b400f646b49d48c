import type { ProgramStatus } from '../api/types'

/** One measurement. */
export interface UsageSample {
  /** Unix milliseconds. */
  at: number
  /** Of one core: 150 is one and a half. Null for the first measurement of a process. */
  cpuPercent: number | null
  memoryBytes: number | null
}

/** Two minutes at one measurement every two seconds. */
const samplesMax = 60
/** Lists also come at once when something happens; a shorter interval than this gives noise. */
const intervalMinMs = 1_500

interface Track {
  pid: number | undefined
  cpuSeconds: number | undefined
  at: number
  samples: UsageSample[]
}

/** The last measurements of every program that is there, computed from successive states. */
export class UsageHistory {
  private readonly tracks = new Map<string, Track>()

  add(at: number, programs: readonly ProgramStatus[]): void {
    const present = new Set<string>()
    for (const program of programs) {
      present.add(program.name)
      this.tracks.set(program.name, next(this.tracks.get(program.name), at, program))
    }
    for (const name of this.tracks.keys()) if (!present.has(name)) this.tracks.delete(name)
  }

  of(name: string): readonly UsageSample[] {
    return this.tracks.get(name)?.samples ?? []
  }

  clear(): void {
    this.tracks.clear()
  }
}

function next(track: Track | undefined, at: number, program: ProgramStatus): Track {
  const sameProcess = track !== undefined && track.pid === program.pid
  if (sameProcess && at - track.at < intervalMinMs && at >= track.at) return track

  let cpuPercent: number | null = null
  if (sameProcess && at > track.at && track.cpuSeconds !== undefined && program.cpu_seconds !== undefined)
    cpuPercent = Math.max(0, ((program.cpu_seconds - track.cpuSeconds) / ((at - track.at) / 1000)) * 100)
  const sample: UsageSample = { at, cpuPercent, memoryBytes: program.memory_bytes ?? null }
  return {
    pid: program.pid,
    cpuSeconds: program.cpu_seconds,
    at,
    samples: [...(track?.samples ?? []), sample].slice(-samplesMax),
  }
}
