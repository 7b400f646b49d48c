import { describe, expect, it } from 'vitest'
import { crumbsOf, percentOf, toneOfStage } from './backup'

describe('percentOf', () => {
  const nothing = { done: 0, total: 0, bytes: 0, bytes_total: 0, bytes_per_second: 0 }
  it.each([
    [undefined, null],
    [nothing, null],
    [{ ...nothing, done: 1, total: 4 }, 25],
    [{ ...nothing, done: 1, total: 4, bytes: 90, bytes_total: 100 }, 90],
    [{ ...nothing, bytes: 120, bytes_total: 100 }, 100],
  ])('%j is %j', (progress, percent) => expect(percentOf(progress)).toBe(percent))
})

describe('crumbsOf', () => {
  it('names every directory on the way', () =>
    expect(crumbsOf('home/备%0A/x')).toEqual([
      { name: 'home', path: 'home' },
      { name: '备%0A', path: 'home/备%0A' },
      { name: 'x', path: 'home/备%0A/x' },
    ]))
  it('has none at the top', () => expect(crumbsOf('')).toEqual([]))
})

describe('toneOfStage', () => {
  it('is a warning when an idle backup has a problem', () => expect(toneOfStage({ stage: 'idle', problem: 'x' })).toBe('warn'))
  it('does not fail on a stage of a newer role', () => expect(toneOfStage({ stage: 'dreaming' as 'idle' })).toBe('idle'))
})
