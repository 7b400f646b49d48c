// What the backup page makes of the figures of the role.
import type { BackupStage, BackupStatus, Proof, StageProgress } from '../api/backup'
import type { Tone } from './programs'

export function toneOfStage(status: Pick<BackupStatus, 'stage' | 'problem'>): Tone {
  const tones: Record<BackupStage, Tone> = {
    starting: 'busy', looking: 'busy', unreachable: 'warn', 'waiting-for-lease': 'wait', fetching: 'busy', restoring: 'busy',
    idle: 'ok', 'backing-up': 'busy', pushing: 'busy', failing: 'bad', ending: 'wait',
  }
  return status.stage === 'idle' && status.problem ? 'warn' : (tones[status.stage] ?? 'idle')
}

/** 0 to 100; null when nobody knows how much there is. By bytes, where they are counted: files are of every size. */
export function percentOf(progress: StageProgress | undefined): number | null {
  if (!progress) return null
  const [done, total] = progress.bytes_total > 0 ? [progress.bytes, progress.bytes_total] : [progress.done, progress.total]
  return total > 0 ? Math.min(100, Math.max(0, (done / total) * 100)) : null
}

/** The number of failures of a proof, whatever they look like. */
export const failuresOf = (proof: Proof): number => proof.failures?.length ?? 0

export interface Crumb {
  name: string
  path: string
}

/** The directories above and including a path, with names as the role lists them: what is not readable is %XX. */
export function crumbsOf(path: string): Crumb[] {
  const parts = path === '' ? [] : path.split('/')
  return parts.map((part, index) => ({ name: part, path: parts.slice(0, index + 1).join('/') }))
}

/** Seven characters are what people compare. */
export const shortOf = (commit: string): string => commit.slice(0, 7)
