import type { ProgramState, ProgramStatus } from '../api/types'

export type Tone = 'ok' | 'busy' | 'wait' | 'warn' | 'bad' | 'idle'

/** How a program is, at one look: of its state, and of its health while it runs. */
export function toneOf(program: Pick<ProgramStatus, 'state' | 'health' | 'ready'>): Tone {
  switch (program.state) {
    case 'RUNNING':
      return program.health === 'unhealthy' ? 'warn' : program.ready ? 'ok' : 'busy'
    case 'STARTING':
    case 'STOPPING':
      return 'busy'
    case 'WAITING':
      return 'wait'
    case 'BACKOFF':
      return 'warn'
    case 'FATAL':
      return 'bad'
    default:
      return 'idle'
  }
}

export const isInTrouble = (program: ProgramStatus): boolean => ['warn', 'bad'].includes(toneOf(program))

const upStates: readonly ProgramState[] = ['RUNNING', 'STARTING', 'STOPPING', 'BACKOFF', 'WAITING']

/** What may be done with it now. */
export function actionsFor(state: ProgramState): { start: boolean; stop: boolean; restart: boolean } {
  const isUp = upStates.includes(state)
  return { start: !isUp && state !== 'ABSENT', stop: isUp && state !== 'STOPPING', restart: state === 'RUNNING' || state === 'STARTING' || state === 'BACKOFF' }
}

/** Those whose state is another one than before; none when there was no before. */
export function stateChanges(before: readonly ProgramStatus[] | null, after: readonly ProgramStatus[]): ProgramStatus[] {
  if (before === null) return []
  const old = new Map(before.map((program) => [program.name, program.state]))
  return after.filter((program) => old.has(program.name) && old.get(program.name) !== program.state)
}
