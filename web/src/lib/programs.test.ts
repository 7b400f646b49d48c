import { describe, expect, it } from 'vitest'
import type { ProgramState, ProgramStatus } from '../api/types'
import { actionsFor, stateChanges, toneOf } from './programs'
import { sparkline } from './sparkline'

const program = (state: ProgramState, more: Partial<ProgramStatus> = {}) => ({ name: 'web', state, ready: true, ...more }) as ProgramStatus

describe('programs', () => {
  it.each([
    ['RUNNING', {}, 'ok'],
    ['RUNNING', { ready: false }, 'busy'],
    ['RUNNING', { health: 'unhealthy' }, 'warn'],
    ['WAITING', {}, 'wait'],
    ['BACKOFF', {}, 'warn'],
    ['FATAL', {}, 'bad'],
    ['ABSENT', {}, 'idle'],
  ] as const)('%s %o looks %s', (state, more, tone) => expect(toneOf(program(state, more))).toBe(tone))

  it.each([
    ['RUNNING', { start: false, stop: true, restart: true }],
    ['STOPPED', { start: true, stop: false, restart: false }],
    ['STOPPING', { start: false, stop: false, restart: false }],
    ['WAITING', { start: false, stop: true, restart: false }],
    ['FATAL', { start: true, stop: false, restart: false }],
    ['ABSENT', { start: false, stop: false, restart: false }],
  ] as const)('%s offers %o', (state, actions) => expect(actionsFor(state)).toEqual(actions))

  it('tells changes of state, but not of what was not there', () => {
    expect(stateChanges(null, [program('RUNNING')])).toEqual([])
    expect(stateChanges([], [program('RUNNING')])).toEqual([])
    expect(stateChanges([program('RUNNING')], [program('FATAL')]).map((each) => each.state)).toEqual(['FATAL'])
    expect(stateChanges([program('RUNNING')], [program('RUNNING')])).toEqual([])
  })
})

describe('sparkline', () => {
  it('ends at the right edge and stays within its box', () => {
    const { line } = sparkline([0, 50, 100], 3, 20, 10, 10)
    expect(line).toBe('M0,9L10,5L20,1')
  })

  it('does not make a mountain of noise, and nothing of nothing', () => {
    expect(sparkline([0, 1], 2, 10, 12, 100).line).toBe('M0,11L10,10.9')
    expect(sparkline([], 2, 10, 10, 1).line).toBe('')
  })
})
